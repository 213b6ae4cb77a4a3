"""Caching on disk of a model's detections and of answers about them."""

from __future__ import annotations

import copy
import os

from .smot import SMOT


def cache_detections(model: SMOT, root: str | os.PathLike) -> SMOT:
    """The same model with a cache of its detections (and embeddings) on disk, and of what
    a vision-language model answers.

    An interrupted run then goes on, and another tracker reuses them. Parts are shared.

    Args:
        model: Left as it is.
        root: Folder of the cache.
    """
    estimator = model.estimator.with_cache(root, model.needs)
    keep_answers = getattr(model.semantics, 'with_cache', None)
    if estimator is model.estimator and keep_answers is None:
        return model
    cached = copy.copy(model)
    # A copied module shares the table of its parts; this one is to have its own.
    cached._modules = dict(model._modules)
    cached.estimator = estimator
    if keep_answers is not None:
        cached.semantics = keep_answers(root)
    return cached.eval()
