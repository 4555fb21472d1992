"""Orderless pooling of deep activations: from images to vectors by one call, and the parts as scikit-learn estimators.

    vectors = orderless.describe("photos/", backbone="mobilenet_v2", representation="mpp")
    classifier = make_pipeline(orderless.FisherVector(words=64), LinearSVC()).fit(descriptors, labels)

Nothing is imported before it is asked for: the workflow is parsed without torch and without scikit-learn.
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
