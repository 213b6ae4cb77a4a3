"""Caching of a model's detections on disk."""

from __future__ import annotations

import copy
import os

from ..models.smot import SMOT


def cache_detections(model: SMOT, root: str | os.PathLike) -> SMOT:
    """The same model with a cache of its detections (and embeddings) on disk.

    An interrupted run then goes on, and another tracker reuses them. Parts are shared.

    Args:
        model: Left as it is.
        root: Folder of the cache.
    """
    estimator = model.estimator.with_cache(root, model.needs)
    if estimator is model.estimator:
        return model
    cached = copy.copy(model)
    # A copied module shares the table of its parts; this one is to have its own.
    cached._modules = dict(model._modules)
    cached.estimator = estimator
    return cached.eval()
