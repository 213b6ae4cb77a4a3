"""Frames to detections."""

from typing import Any

from .base import BaseDetector, RawDetections
from .detection_file import DetectionFile
from .onnx_detector import ONNXDetector
from .output_decoders import BoxesDecoder, OutputDecoder, YOLOXDecoder

__all__ = [
    'BaseDetector',
    'BoxesDecoder',
    'CachedDetector',
    'DetectionFile',
    'MMDetDetector',
    'ONNXDetector',
    'OutputDecoder',
    'RawDetections',
    'TransformersDetector',
    'YOLOXDecoder',
]


def __getattr__(name: str) -> Any:
    # They import torch, which a detector from a file or an ONNX model does not need.
    if name == 'MMDetDetector':
        from .mmdet_detector import MMDetDetector

        return MMDetDetector
    if name == 'CachedDetector':
        from .cached_detector import CachedDetector

        return CachedDetector
    if name == 'TransformersDetector':
        from .transformers_detector import TransformersDetector

        return TransformersDetector
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
