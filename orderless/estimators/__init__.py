"""scikit-learn estimators: `fit` on the descriptors of images, `transform` to a matrix with one row for each image.

In: X, a list with one (n_i, d) array of descriptors for each image. The numbers of descriptors may differ; an image without any
becomes zeros. A 3-D array is a list of images with equally many descriptors. A 2-D array, as in scikit-learn, is a list of images
with one descriptor each; for one image alone write `transform([x])`. `CrossLayerPooling` and `MultiscalePyramid` say what else
they take. Out: (images, D) float32.

The estimators call the functions of the workflow: encoders, projection, pooling, normalisation. With the same descriptors and the
same seed they learn the same codebooks and make the same vectors.

base     what all estimators share
vectors  Fisher vectors, VLAD, sparse Fisher vectors, cross-layer pooling, pyramids, and any other encoder
words    bags of words
"""

from orderless.estimators.base import BagEncoder
from orderless.estimators.vectors import (
    POOLINGS,
    VLAD,
    CrossLayerPooling,
    FisherVector,
    MultiscalePyramid,
    OrderlessPooling,
    SparseFisherVector,
)
from orderless.estimators.words import BagOfWords

__all__ = [
    "POOLINGS",
    "VLAD",
    "BagEncoder",
    "BagOfWords",
    "CrossLayerPooling",
    "FisherVector",
    "MultiscalePyramid",
    "OrderlessPooling",
    "SparseFisherVector",
]
