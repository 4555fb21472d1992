"""Bench: the speed of the suite beside other libraries and the limits of the machine; the costs of experiments.

`python -m orderless.bench TOPIC --out FILE.json` measures one topic.

measure         how calls are timed side by side, and the rows of the benchmark
fisher          topic: Fisher vectors and VLAD
codebooks       topic: Gaussian mixtures and k-means
extraction      topic: dense passes, pooling, whole extraction jobs, memory
classification  topic: support vector machines
retrieval       topic: the inverted index
descriptors     real descriptors for the measurements
costs           images, jobs, GPU hours and disk of an experiment
machine         facts about the computer and the version of the code
"""
