"""Analyses: studies beside the comparison.

pairs       paired tests of representations on the same images, corrected for their number
claims      the papers' claims, a direction for each data set, held against these tests
confidence  where on an image a class is seen; the pointing game
invariance  test images transformed
timings     the dense network against cropping (paper B, Table 1)
"""
