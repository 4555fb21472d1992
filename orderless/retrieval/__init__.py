"""Retrieval: the images of a database, ranked for a query.

In: vectors or bags of words, and the index of a data set. Out: similarities of queries to the database, and figures of merit.

search      the similarities of a representation, of a variant with PCA or expansion, or of a fusion
ranking     which images match a query, and the figures of merit of a ranking (average precision and others)
fusion      rules that fuse the similarities of several searches
inverted    the inverted index over bags of words; Hamming embedding
collection  a folder of images as one file that can be searched
listing     the files of a folder that an index knows: hashes, sizes, times, unreadable images
indices     the index files of a folder: found, opened, brought up to date
duplicates  near copies within a folder, in groups
"""
