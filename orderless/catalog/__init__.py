"""Catalog: what exists (workflow/catalog) and what to run (the configuration), checked before any job starts.

In: YAML files. Out: plans, which state what must be computed. Snakemake imports this package each time it parses the workflow, so
neither torch nor pandas is imported here.

entries        read the entries, merge them with those of a configuration, check them against their schemas
configuration  read what to run, with defaults; the experiments of the papers
datasets       the task of a data set, its number of images and shards
published      the papers' figures (workflow/published)
plans          the descriptor sets, codebooks and representations that a selection needs
checks         refuse choices that do not fit together, or that a backbone cannot compute
results        the settings that a result depends on, and its path
recipes        the results of each data set with each network
missing        which results exist, and which must be computed
kept           the files below results/
"""
