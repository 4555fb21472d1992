"""Analyses: studies beside the comparison.

pairs       paired tests of representations on the same images
claims      the papers' claims, held against these tests
confidence  where on an image a class is seen; the pointing game
invariance  test images transformed
timings     the dense network against cropping (paper B, Table 1)
"""
