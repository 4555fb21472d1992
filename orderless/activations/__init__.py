"""Activations: images through a network, its tapped layers as local descriptors, projected before they are stored.

In: images, a dense network, and descriptor sets, each a choice of views, layer and projection. Out: the descriptors of a shard of
images for all sets, from the same forward passes.

views        where on an image the network looks: whole, crops, patches, blocks, pyramid
extraction   runs the network over the views; the tensors of a shard
descriptors  local descriptors from the maps of a layer
sift         local descriptors without a network
sampling     a random sample of descriptors, for projections and codebooks
sizes        the length of vectors and the pixels that the network sees, from shapes alone
projection   principal components: fitted on the sample, applied to descriptors
"""
