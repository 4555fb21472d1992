"""Words of several shards."""

import numpy as np
import pytest
from scipy import sparse

from orderless.encoders.bow import Encoder
from orderless.errors import OrderlessError
from orderless.representations.words import join, select, weigh
from tests.words import SIZE, bags


def test_shards_of_words_join(real_descriptors):
    encoder = Encoder(words=SIZE)
    words = encoder.encode_words(*bags(real_descriptors), encoder.fit(real_descriptors, None, 3))
    parts = [select(words, np.arange(20)), select(words, np.arange(20, 50))]
    for name, value in join(parts).items():
        np.testing.assert_array_equal(value, words[name])


def test_a_step_that_words_do_not_have_is_refused():
    counts = sparse.csr_matrix(np.eye(3, dtype=np.float32))
    with pytest.raises(OrderlessError, match=r"no step 'sign'\. It has: signed_sqrt, idf, l2"):
        weigh(counts, ["idf", "sign"], np.ones(3, np.float32))
