"""Crops to appearance embeddings."""

from .base import BaseReID
from .onnx_reid import ONNXReID

__all__ = ['BaseReID', 'ONNXReID']
