"""Data sets: each becomes a folder of images and one index table, a row for each image.

index      the index table: its columns, reading, writing, shards
fractions  a seeded part of a data set
checks     counts against the published ones; every image opened once, cut to its box where asked
digits     scenes composed of handwritten digits
folder     any folder of images
copies     copies of some images of a folder, to be found again
official   the papers' data sets: fetched, unpacked, indexed
layouts    what the modules of official data sets share: finding files, reading lists and MATLAB files

One module for each official data set reads the files as they are published:

mit67       MIT Indoor 67
voc2007     PASCAL VOC 2007, classification
flowers102  Oxford 102 Flowers
cub200      Caltech-UCSD Birds 200-2011
h3d         H3D human attributes
sun397      SUN397
scene15     15-Scene
ilsvrc2012  ILSVRC 2012
holidays    INRIA Holidays
ukbench     UKBench
oxford5k    Oxford5k
paris6k     Paris6k
"""
