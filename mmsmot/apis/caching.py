"""Remembering what is slow to find."""

from __future__ import annotations

import copy
import os

from ..models.detectors import CachedDetector
from ..models.smot import SMOT


def with_cache(model: SMOT, root: str | os.PathLike) -> SMOT:
    """The same model, its parts shared, with a cache around what is slow.

    So an interrupted run, or another tracker, goes on. Detections and their embeddings
    are kept apart, so that a tracker with a ReID part finds the detections of one
    without. A model whose words need the detector's own feature maps, which no cache
    keeps, comes back as it is; so does one with a cache of its own.

    Args:
        model: Left as it is.
        root: Folder of the cache.
    """
    if model.detector is None or isinstance(model.detector, CachedDetector):
        return model
    if needs_features(model):
        return model
    cached = copy.copy(model)
    # A copied module shares the table of its parts; this one is to have its own.
    cached._modules = dict(model._modules)
    if model.detector.needs_images:  # else it reads a file
        cached.detector = CachedDetector(cached.detector, root)
    if model.reid is not None:
        cached.detector = CachedDetector(cached.detector, root, model.reid)
        cached.reid = None
    return cached.eval()


def needs_features(model: SMOT) -> bool:
    """Whether the detector's own feature maps are asked for, which no cache keeps."""
    needs = model.semantics is not None and model.semantics.needs_features
    return needs and model.feature_extractor is None
