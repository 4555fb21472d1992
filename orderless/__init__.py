"""Orderless pooling of deep activations: from images to vectors by one call, and the parts as scikit-learn estimators.

    vectors = orderless.describe("photos/", backbone="mobilenet_v2", representation="mpp")
    classifier = make_pipeline(orderless.FisherVector(words=64), LinearSVC()).fit(descriptors, labels)

Nothing is imported before it is used, so the workflow is parsed without torch and scikit-learn.

The packages, from the ground up; each says in its `__init__.py` what its files do. A package imports only from those above it here:

errors           the exception for errors that the user can correct
files            reading and writing files, downloads, seeds, logs
backends         k-means, Gaussian mixtures, Fisher vectors and VLAD by VLFeat or torch
encoders         one vector from the descriptors of a level
catalog          what exists and what to run, checked; plans
datasets         images and index tables
backbones        pre-trained networks, made dense
representations  one vector from the descriptors of an image
activations      local descriptors from a network
classification   classifiers and figures of merit
analyses         studies
reports          tables, plots and pages
describer        images to vectors in one object
estimators       scikit-learn estimators
retrieval        search and figures of merit of rankings
bench            speed beside other libraries, costs of experiments
commands         the command line
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderless.describer import Describer, describe
    from orderless.errors import OrderlessError
    from orderless.estimators import (
        VLAD,
        BagOfWords,
        CrossLayerPooling,
        FisherVector,
        MultiscalePyramid,
        OrderlessPooling,
        SparseFisherVector,
    )

__all__ = [
    "VLAD",
    "BagOfWords",
    "CrossLayerPooling",
    "Describer",
    "FisherVector",
    "MultiscalePyramid",
    "OrderlessError",
    "OrderlessPooling",
    "SparseFisherVector",
    "describe",
]
_MODULES = {"describe": "describer", "Describer": "describer", "OrderlessError": "errors"}  # the rest are estimators


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("orderless")
    if name not in __all__:
        raise AttributeError(f"module 'orderless' has no attribute '{name}'")
    return getattr(importlib.import_module(f"orderless.{_MODULES.get(name, 'estimators')}"), name)


def __dir__() -> list[str]:
    return __all__
