"""Paris6k (Philbin et al. 2008): published in the same layout as Oxford5k."""

from orderless.datasets.oxford5k import index_rows as index_rows
