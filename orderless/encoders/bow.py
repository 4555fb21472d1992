"""Bags of visual words (Sivic and Zisserman 2003): the descriptors of an image become a sparse histogram of a codebook's words.

A descriptor may be shared among several words (Philbin et al. 2008), or have a signature for Hamming embedding (Jegou et al. 2008).
faiss learns the words and assigns descriptors to them.
"""

from dataclasses import dataclass

import numpy as np

from orderless.backends.mixtures import check_enough

LINKS, BUILDING = 32, 80  # of the approximate search by a graph (HNSW): neighbours of a node, candidates while it is built


def graph(centres: np.ndarray):
    """The HNSW graph of centres (k, d), an index of faiss."""
    import faiss

    index = faiss.IndexHNSWFlat(centres.shape[1], LINKS)
    index.hnsw.efConstruction = BUILDING
    index.add(centres)
    return index


@dataclass(frozen=True)
class Encoder:
    """words: of the codebook. nearest: a descriptor is shared among so many words, with weights exp(-distance^2 / (2 sigma^2))
    scaled to sum to one. sigma: in units of the median distance of training descriptors to their word. iterations: of k-means.
    exact: a codebook of more words is searched approximately, by a graph. search: candidates of that search. hamming: bits of a
    signature, a multiple of 8; 0 for none.
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
        """The codebook of training descriptors x (n, d).

        Returns centres (k, d); scale (1,), the median distance of a descriptor to its word; graph, the bytes of faiss's index, if
        there are more words than `exact`; rotation (d, bits) and medians (k, bits), if there are signatures.
        """
        import faiss

        check_enough(x, self.words)
        x = np.ascontiguousarray(x, np.float32)
        # faiss would draw a subset of many descriptors, and warn of few: all of them serve.
        counts = {"min_points_per_centroid": 1, "max_points_per_centroid": 2**30}
        clusters = faiss.Kmeans(x.shape[1], self.words, niter=self.iterations, seed=seed % 2**31, **counts)
        clusters.train(x)
        codebook = {"centres": np.array(clusters.centroids)}
        if self.words > self.exact:
            codebook["graph"] = faiss.serialize_index(graph(codebook["centres"]))
        word, squared = self.assign(x, codebook, 1)
        codebook["scale"] = np.array([np.sqrt(np.median(squared)) or 1.0], np.float32)
        return codebook | (self.fit_signatures(x, word[:, 0], seed) if self.hamming else {})

    def fit_signatures(self, x: np.ndarray, word: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """A random rotation (d, bits), and the medians (k, bits) of each word's descriptors in the rotated directions.

        x: (n, d). word: (n,), of each descriptor. A word without descriptors takes the medians of all descriptors.
        """
        bits, d = self.hamming, x.shape[1]
        rng = np.random.default_rng(seed)
        rotations = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(-(-bits // d))]
        rotation = np.concatenate(rotations, 1)[:, :bits].astype(np.float32)
        rotated = x @ rotation
        medians = np.tile(np.median(rotated, 0), (self.words, 1))
        order = np.argsort(word, kind="stable")
        used, starts = np.unique(word[order], return_index=True)
        for k, rows in zip(used, np.split(order, starts[1:]), strict=True):
            medians[k] = np.median(rotated[rows], 0)
        return {"rotation": rotation, "medians": medians.astype(np.float32)}

    def assign(self, x: np.ndarray, codebook: dict[str, np.ndarray], nearest: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest words (n, nearest) of x (n, d), nearest first, and the squared distances to them."""
        import faiss

        x = np.ascontiguousarray(x, np.float32)
        if "graph" in codebook:
            index = faiss.deserialize_index(np.ascontiguousarray(codebook["graph"]))
            faiss.ParameterSpace().set_index_parameter(index, "efSearch", max(self.search, nearest))
            squared, word = index.search(x, nearest)
        else:
            squared, word = faiss.knn(x, np.ascontiguousarray(codebook["centres"]), nearest)
        return word, np.maximum(squared, 0)

    def encode_words(self, x: np.ndarray, ends: np.ndarray, codebook: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The words of several images.

        x: (n, d), the descriptors of all images, one image after another. ends: (images,), where those of each image end.
        Returns words (m,) int32, ascending within an image; weights (m,) float32; ends (images,) int64, where the entries of each
        image end; with `hamming` signatures (m, bits / 8) uint8. An image has one entry for each of its words, but with signatures
        one for each descriptor and word.
        """
        nearest = min(self.nearest, len(codebook["centres"]))
        word, squared = self.assign(x, codebook, nearest)
        kernel = np.exp(-(squared - squared[:, :1]) / (2 * (self.sigma * codebook["scale"][0]) ** 2))
        weight = kernel / kernel.sum(1, keepdims=True)
        image = np.repeat(np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0)), nearest)
        order = np.lexsort((word.ravel(), image))
        image, words, weights = image[order], word.ravel()[order], weight.ravel()[order]
        signatures: dict[str, np.ndarray] = {}
        if self.hamming:
            bits = (x @ codebook["rotation"])[:, None] > codebook["medians"][word]
            signatures["signatures"] = np.packbits(bits.reshape(-1, self.hamming)[order], axis=1)
        else:
            starts = np.flatnonzero(np.r_[True, (np.diff(image) != 0) | (np.diff(words) != 0)])[: len(image)]
            image, words, weights = image[starts], words[starts], np.add.reduceat(weights, starts) if len(starts) else weights
        counts = np.bincount(image, minlength=len(ends))
        return signatures | {"words": words.astype(np.int32), "weights": weights.astype(np.float32), "ends": counts.cumsum()}
