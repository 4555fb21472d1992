"""Backbones: pre-trained networks, made dense, with the papers' layer roles tapped.

In: an entry of the catalog and a weights file. Out: the maps of every tapped layer, for an input of any size.

    networks  a network by its entry; its facts for the report; the device
    weights   weights read from files of many formats, fetched from their publishers, kept
    dense     a classification network whose head slides over larger inputs
    tokens    the same of a vision transformer
    bands     inputs too large for one pass
    tinyalex  the network of the embedded default, and how it is trained
    caffenet  the papers' networks as modules
    caffe     weights in .caffemodel and MatConvNet .mat files
"""
