"""Words of several shards."""

import numpy as np

from orderless.encoders.bow import Encoder
from orderless.representations.words import join, select
from tests.words import SIZE, bags


def test_shards_of_words_join(real_descriptors):
    encoder = Encoder(words=SIZE)
    words = encoder.encode_words(*bags(real_descriptors), encoder.fit(real_descriptors, None, 3))
    parts = [select(words, np.arange(20)), select(words, np.arange(20, 50))]
    for name, value in join(parts).items():
        np.testing.assert_array_equal(value, words[name])
