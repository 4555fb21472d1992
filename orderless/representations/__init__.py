"""Representations: the descriptors of an image become one vector.

In: the descriptors of a shard of images, and codebooks. Out: for each image one vector, encoded, pooled over its views and
normalised.

bags           the descriptors of one image, read from a shard
encoding       every representation of a shard of images
pooling        the vectors of an image's levels become one (paper B, Eq. 1 and 2)
normalisation  the steps applied to a pooled vector: l2, signed square root, signs; signs packed in two bits
words          bags of words: counted, weighted
vectors        finished vectors, read from all shards; stacks
reductions     second projections of finished vectors (paper A)
precomputed    vectors made elsewhere
"""
