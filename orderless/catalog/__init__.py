"""Catalog: what exists (workflow/catalog) and what to run (the configuration), checked before any job starts.

In: YAML files. Out: plans, which say what must be computed. Read whenever the workflow is parsed: nothing heavy is imported.

    entries        the entries, merged with those of a configuration and checked against their schemas
    configuration  what to run, its defaults; the experiments of the papers
    datasets       what an entry says of a data set: its task, its number of images and shards
    published      the papers' figures (workflow/published)
    plans          descriptor sets, codebooks and representations that a selection needs
    results        what a result is made of, and the path that follows
    recipes        the results of each data set with each network
    missing        which of them exist, which must be made
    kept           what lies under results/
    checks         choices that do not go together, or that a backbone cannot compute
"""
