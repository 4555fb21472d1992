"""Classification: linear classifiers on finished vectors, and how good they are.

classifiers  support vector machines: the kernel, the choice of C, what is too large for a kernel
evaluation   accuracy, 11-point average precision, bootstrap intervals
"""
