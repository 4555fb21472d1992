"""Retrieval: the images of a database, ranked for a query.

search      by a representation, by a change of one, or by a fusion
ranking     which images answer a query (protocols), and the figures of a ranking
fusion      rules that fuse the scores of several rankings
inverted    the inverted index over bags of words; Hamming embedding
collection  a folder of images as one file that can be searched
"""
