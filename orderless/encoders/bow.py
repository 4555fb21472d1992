"""Bags of visual words (Sivic and Zisserman 2003): the descriptors of an image become a sparse histogram of a codebook's words.

Options: several words a descriptor (Philbin et al. 2008), signatures for Hamming embedding (Jegou et al. 2008). Words are
trained and assigned with faiss.
"""

from dataclasses import dataclass

import numpy as np

from orderless.backends.mixtures import check_enough

LINKS, BUILDING = 32, 80  # of the graph (HNSW) that finds words approximately: neighbours a node, candidates while building


def graph(centres: np.ndarray):
    """The HNSW graph over centres (k, d)."""
    import faiss

    found = faiss.IndexHNSWFlat(centres.shape[1], LINKS)
    found.hnsw.efConstruction = BUILDING
    found.add(centres)
    return found


@dataclass(frozen=True)
class Encoder:
    """words: of the codebook. nearest: words that share a descriptor, by exp(-d^2 / (2 sigma^2)) scaled to sum to one, sigma in
    units of the median distance of training descriptors to their word. iterations: of k-means. exact: codebooks of more words are
    searched by a graph, whose candidates `search` counts. hamming: bits of a descriptor's signature, a multiple of 8.
    """

    words: int = 10_000
    nearest: int = 1
    sigma: float = 0.5
    iterations: int = 10
    exact: int = 20_000
    search: int = 128
    hamming: int = 0

    mean_type = False
    learned = True
    sparse = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        """x: (n, d) training descriptors. Returns centres (k, d), scale (1,), above `exact` words graph (bytes of faiss), and
        with signatures rotation (d, bits) and medians (k, bits).
        """
        import faiss

        check_enough(x, self.words)
        x = np.ascontiguousarray(x, np.float32)
        # All of the training descriptors serve, however few or many there are for a word.
        counts = {"min_points_per_centroid": 1, "max_points_per_centroid": 2**30}
        clusters = faiss.Kmeans(x.shape[1], self.words, niter=self.iterations, seed=seed % 2**31, **counts)
        clusters.train(x)
        book = {"centres": np.array(clusters.centroids)}
        if self.words > self.exact:
            book["graph"] = faiss.serialize_index(graph(book["centres"]))
        word, squared = self.assign(x, book, 1)
        book["scale"] = np.array([np.sqrt(np.median(squared)) or 1.0], np.float32)
        return book | (self.fit_signatures(x, word[:, 0], seed) if self.hamming else {})

    def fit_signatures(self, x: np.ndarray, word: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """A random rotation, and for each word its descriptors' medians in the rotated directions (of all, where it has none)."""
        bits, d = self.hamming, x.shape[1]
        rng = np.random.default_rng(seed)
        turns = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(-(-bits // d))]
        rotation = np.concatenate(turns, 1)[:, :bits].astype(np.float32)
        turned = x @ rotation
        medians = np.tile(np.median(turned, 0), (self.words, 1))
        order = np.argsort(word, kind="stable")
        used, starts = np.unique(word[order], return_index=True)
        for k, rows in zip(used, np.split(order, starts[1:]), strict=True):
            medians[k] = np.median(turned[rows], 0)
        return {"rotation": rotation, "medians": medians.astype(np.float32)}

    def assign(self, x: np.ndarray, codebook: dict[str, np.ndarray], nearest: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest words (n, nearest) of x (n, d), nearest first, and the squared distances to them."""
        import faiss

        x = np.ascontiguousarray(x, np.float32)
        if "graph" in codebook:
            found = faiss.deserialize_index(np.ascontiguousarray(codebook["graph"]))
            faiss.ParameterSpace().set_index_parameter(found, "efSearch", max(self.search, nearest))
            squared, word = found.search(x, nearest)
        else:
            squared, word = faiss.knn(x, np.ascontiguousarray(codebook["centres"]), nearest)
        return word, np.maximum(squared, 0)

    def encode_words(self, x: np.ndarray, ends: np.ndarray, codebook: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The words of many images, whose descriptors x (n, d) lie one after another up to ends (images,).

        Returns words (m,) int32 ascending within an image, weights (m,) float32, ends (images,) int64. With signatures one entry a
        descriptor and word, and signatures (m, bits / 8) uint8; without, the entries of a word in an image are summed.
        """
        nearest = min(self.nearest, len(codebook["centres"]))
        word, squared = self.assign(x, codebook, nearest)
        kernel = np.exp(-(squared - squared[:, :1]) / (2 * (self.sigma * codebook["scale"][0]) ** 2))
        weight = kernel / kernel.sum(1, keepdims=True)
        image = np.repeat(np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0)), nearest)
        order = np.lexsort((word.ravel(), image))
        image, words, weights = image[order], word.ravel()[order], weight.ravel()[order]
        found: dict[str, np.ndarray] = {}
        if self.hamming:
            bits = (x @ codebook["rotation"])[:, None] > codebook["medians"][word]
            found["signatures"] = np.packbits(bits.reshape(-1, self.hamming)[order], axis=1)
        else:
            starts = np.flatnonzero(np.r_[True, (np.diff(image) != 0) | (np.diff(words) != 0)])[: len(image)]
            image, words, weights = image[starts], words[starts], np.add.reduceat(weights, starts) if len(starts) else weights
        counts = np.bincount(image, minlength=len(ends))
        return found | {"words": words.astype(np.int32), "weights": weights.astype(np.float32), "ends": counts.cumsum()}
