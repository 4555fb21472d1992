"""Paris6k: in all as Oxford5k."""

from orderless.datasets.oxford5k import rows as rows
