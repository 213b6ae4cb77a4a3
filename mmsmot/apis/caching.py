"""Remembering what is slow to find."""

from __future__ import annotations

import copy
import os

from ..models.smot import SMOT


def with_cache(model: SMOT, root: str | os.PathLike) -> SMOT:
    """The same model, its parts shared, with a cache around what its estimator can keep.

    So an interrupted run, or another tracker, goes on.

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
