"""Plots, through seaborn. Each function draws one figure and writes it as SVG with its text kept as text (`confidence`: PNG).

style       what all share: the colours of the families, the look, writing a figure
comparison  the representations of a data set: their figures, and figures against costs
classes     one representation class by class
studies     scales, invariance, confidence, pairs, seeds
bench       the benchmarks
"""

import matplotlib

matplotlib.use("svg")
