"""Representations: the descriptors of an image become one vector.

In: the descriptors of a shard, a codebook. Out: a vector an image, encoded, pooled over its views and normalised.

    encoding       every representation of a shard of images
    pooling        the vectors of an image's levels become one (paper B, Eq. 1 and 2)
    normalisation  the steps applied to a vector: l2, signed square root, signs; signs in two bits
    words          bags of words: counted, weighed
    vectors        finished vectors, read back: rows of all shards, stacks, second projections
    precomputed    vectors made elsewhere
"""
