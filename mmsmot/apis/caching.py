"""Remembering what is slow to find."""

from __future__ import annotations

from mmengine.config import Config

from ..models.detectors import CachedDetector
from ..registry import MODELS


def add_cache(config: Config, root: str) -> None:
    """Remember what is slow to find: an interrupted run, or another tracker, goes on.

    Detections and their embeddings are kept apart, so that a tracker with a ReID part
    finds the detections of one without.
    """
    model = config.model
    if not model.get('detector') or needs_features(model):
        return
    kind = MODELS.get(model.detector.type)
    reid = model.get('reid')
    if kind is not None and issubclass(kind, CachedDetector):
        return
    if getattr(kind, 'needs_images', True):  # else it reads a file
        model.detector = dict(type='CachedDetector', detector=model.detector, root=root)
    if reid:
        model.detector = dict(
            type='CachedDetector',
            detector=model.detector,
            reid=model.pop('reid'),
            root=root,
        )


def needs_features(model: dict) -> bool:
    """Whether the detector's own feature maps are asked for, which no cache keeps."""
    return bool(model.get('semantics')) and not model.get('feature_extractor')
