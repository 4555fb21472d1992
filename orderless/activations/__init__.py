"""Activations: images through a network; its tapped layers as local descriptors, projected on the way out.

A descriptor set is a choice of views, layer and projection. One job makes every set of a shard of images from the same passes.

    views       where on an image the network looks: whole, crops, patches, blocks, pyramid
    extraction  the descriptors of images, and the tensors of a shard
    sampling    the random part of them that projections and codebooks are learned on
    projection  principal components: fitted, applied
    sift        dense SIFT, which needs no network
"""
