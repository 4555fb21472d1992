"""Data sets: each becomes a folder of images and one index table, which says the split, labels, groups and boxes of each image.

index     the index table: its columns, reading, writing, shards
rows      what is done to the rows of any data set: fractions, checks of every image, counts
digits    composed scenes of handwritten digits
folder    any folder of images
copies    copies of some images of a folder, to be found again
official  the papers' data sets: fetched, unpacked, indexed
contract  what the module of an official data set must offer; `mit67`, `voc2007` and so on are such modules
commands  `orderless data` on the command line
"""
