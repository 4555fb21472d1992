"""Backbones: pre-trained networks, made dense, with the papers' layer roles tapped.

In: an entry of the catalog and a weights file. Out: the maps of every tapped layer, for an input of any size.

networks  build the network of a catalog entry, make it dense, choose the device
checks    networks of a configuration, checked before any job
weights   read weights from files of many formats, fetch them from their publishers, save and load them
dense     a classification network whose fully connected head slides over larger inputs
positions  where units lie on the input
tokens    the same for a vision transformer
bands     inputs that are too large for one pass
tinyalex  the network of the embedded default, and its training
caffenet  the papers' networks as modules
caffe     weights in .caffemodel and MatConvNet .mat files
"""
