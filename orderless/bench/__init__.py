"""Bench: the suite beside other libraries and the machine's limits; what experiments cost.

`python -m orderless.bench TOPIC --out FILE.json` measures one topic.

    measure         how two calls are timed side by side, and what a row of the benchmark says
    fisher          Fisher vectors
    codebooks       k-means, Gaussian mixtures, VLAD
    extraction      networks, views, whole extraction jobs
    classification  support vector machines
    retrieval       inverted index
    descriptors     the descriptors that are measured on
    costs           jobs, hours and disk of an experiment
    machine         the stamp of the machine and of the code
"""
