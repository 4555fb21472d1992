"""Classification: linear classifiers on finished vectors, and how good they are.

In: vectors and the index of a data set. Out: trained classifiers, scores of the test images, figures of merit.

classifiers  linear support vector machines: targets, folds, the choice of C, training, scores
kernel       inner products of vectors, in blocks
descent      training by dual coordinate descent, for more images than a kernel can hold
evaluation   accuracy, mean class accuracy, 11-point average precision
intervals    95% intervals of figures and of their differences
"""
