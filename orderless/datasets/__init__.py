"""Data sets: each becomes a folder of images and one index table, a row for each image.

index      the index table: its columns, reading, writing, shards
fractions  a seeded part of a data set
checks     counts against the published ones; every image opened once, cut to its box where asked
digits     scenes composed of handwritten digits
folder     any folder of images
copies     copies of some images of a folder, to be found again
official   the papers' data sets: fetched, unpacked, indexed
layouts    what the modules of official data sets share: finding files, reading lists and MATLAB files
commands   `orderless data` on the command line

One module for each official data set, named after its kind; `index_rows` reads the published files:
mit67, voc2007, flowers102, cub200, h3d, sun397, scene15, ilsvrc2012, holidays, ukbench, oxford5k, paris6k
"""
