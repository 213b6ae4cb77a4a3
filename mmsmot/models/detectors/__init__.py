"""Frames to detections."""

from typing import Any

from .anchors import AnchorFile, Anchors, GridAnchors
from .base import BaseDetector, RawDetections
from .detection_file import DetectionFile
from .onnx_detector import ONNXDetector
from .output_decoders import AnchorDecoder, BoxesDecoder, OutputDecoder, YOLOXDecoder
from .query_decoders import BoxLogitsDecoder
from .ssd_decoder import SSDDecoder
from .suppressed_decoders import BatchRowsDecoder, EfficientNMSDecoder
from .yolo_decoders import YOLOv5Decoder, YOLOv8Decoder, YOLOv10Decoder

__all__ = [
    'AnchorDecoder',
    'AnchorFile',
    'Anchors',
    'BaseDetector',
    'BatchRowsDecoder',
    'BoxLogitsDecoder',
    'BoxesDecoder',
    'CachedDetector',
    'DetectionFile',
    'EfficientNMSDecoder',
    'GridAnchors',
    'MMDetDetector',
    'ONNXDetector',
    'OutputDecoder',
    'RawDetections',
    'SSDDecoder',
    'TransformersDetector',
    'YOLOXDecoder',
    'YOLOv5Decoder',
    'YOLOv8Decoder',
    'YOLOv10Decoder',
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
