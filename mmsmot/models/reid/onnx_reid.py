"""Any ReID network exported to ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

import cv2
import numpy as np

from ...registry import MODELS
from ...utils.onnx_file import onnx_file_hash
from ...utils.onnx_session import open_onnx, run_onnx, session_image_type
from .base import BaseReID


@MODELS.register_module()
class ONNXReID(BaseReID):
    """OSNet and its like: crops of one fixed size in, vectors out.

    Args:
        model: The ONNX file, one input (B, 3, H, W), or (B, H, W, 3) as TensorFlow's
            exports have it.
        input_size: Height and width of a crop where the export leaves them open.
        mean: Subtracted from RGB in [0, 1] (ImageNet's).
        std: Divides it.
        batch_size: Most crops at once; exports with a fixed batch decide themselves.
        providers: onnxruntime's execution providers.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.
    """

    # For a dry run: the argument that names a file, and the option that sets it.
    file_argument = ('model', '--reid-weights')

    def __init__(
        self,
        *,
        model: str | None,
        input_size: tuple[int, int] = (256, 128),
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        batch_size: int = 32,
        providers: Sequence[str] = ('CPUExecutionProvider',),
        num_threads: int = 0,
    ) -> None:
        self.model = model
        self.mean = np.asarray(mean, np.float32) * 255
        self.std = np.asarray(std, np.float32) * 255
        self._session = open_onnx(
            model, 'ONNXReID', '--reid-weights', providers, num_threads
        )
        self._model_hash = onnx_file_hash(model)  # of what was opened
        self._dtype = session_image_type(
            self._session, model, 'ONNXReID', is_normalised=True
        )
        shape = self._session.get_inputs()[0].shape
        if len(shape) != 4:
            raise ValueError(f'{model}: ONNXReID expects (B, 3, H, W), got {shape}')
        self._channels_last = shape[3] == 3 and shape[1] != 3
        height, width = shape[1:3] if self._channels_last else shape[2:]
        outputs = self._session.get_outputs()
        if len(outputs[0].shape) not in (0, 2):  # 0: the export does not say
            self._refuse(outputs[0].shape)
        fixed = isinstance(shape[0], int)
        self._fixed_batch = shape[0] if fixed else None
        self.batch_size = shape[0] if fixed else batch_size
        has_size = isinstance(height, int) and isinstance(width, int)
        self.input_size = (height, width) if has_size else tuple(input_size)

    @cached_property
    def dimensions(self) -> int:
        """D. An export that leaves it open tells by embedding a grey crop."""
        declared_width = self._session.get_outputs()[0].shape[-1:]
        if declared_width and isinstance(declared_width[0], int):
            return declared_width[0]
        grey = np.full((*self.input_size, 3), 128, np.uint8)
        height, width = self.input_size
        return self._run(grey, np.array([[0, 0, width, height]])).shape[1]

    @cached_property
    def fingerprint(self) -> str:
        options = (self.input_size, self.mean.tolist(), self.std.tolist())
        return f'ONNXReID({self._model_hash}, {options})'

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        size = image.shape[1], image.shape[0]
        corners = np.clip(np.round(boxes), 0, [*size, *size]).astype(np.int64)
        inside = np.flatnonzero((corners[:, 2:] > corners[:, :2]).all(axis=1))
        vectors = [
            self._run(image, corners[inside[start : start + self.batch_size]])
            for start in range(0, len(inside), self.batch_size)
        ]
        width = vectors[0].shape[1] if vectors else self.dimensions
        embeddings = np.zeros((len(boxes), width), np.float32)
        if vectors:
            all_vectors = np.concatenate(vectors)
            norms = np.linalg.norm(all_vectors, axis=1, keepdims=True)
            embeddings[inside] = all_vectors / np.maximum(
                norms, np.finfo(np.float32).tiny
            )
        return embeddings

    def _run(self, image: np.ndarray, corners: np.ndarray) -> np.ndarray:
        height, width = self.input_size
        crops = np.stack(
            [
                cv2.resize(image[y1:y2, x1:x2], (width, height))
                for x1, y1, x2, y2 in corners.tolist()
            ]
        )
        batch = (crops[..., ::-1].astype(np.float32) - self.mean) / self.std
        axes = (0, 1, 2, 3) if self._channels_last else (0, 3, 1, 2)
        batch = np.ascontiguousarray(batch.transpose(axes), self._dtype)
        missing = (self._fixed_batch or len(batch)) - len(batch)
        if missing:
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        vectors = run_onnx(self._session, self.model, batch)[0]
        if vectors.ndim != 2 or len(vectors) != len(batch):
            self._refuse(vectors.shape)
        vectors = vectors[: len(corners)]
        if not np.isfinite(vectors).all():
            raise ValueError(
                f'{self.model}: this ReID network gives numbers that are not finite (NaN '
                'or infinite) for a person. Its weights are damaged, or its training '
                'diverged: use another file (--reid-weights, model.reid.model).'
            )
        return vectors.astype(np.float32, copy=False)

    def _refuse(self, shape: Sequence[int | str]) -> NoReturn:
        raise ValueError(
            f'{self.model}: ONNXReID expects an output (B, D), a vector for each crop, got '
            f'{tuple(shape)}. Is it a ReID network (--reid-weights, model.reid.model)?'
        )
