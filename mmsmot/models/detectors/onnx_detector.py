"""Any detector exported to ONNX."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np
from mmengine.logging import print_log

from ...registry import MODELS, TASK_UTILS
from ...structures import Detections, Frame
from ...utils.onnx_file import onnx_hash
from ...utils.onnx_session import image_input_type, open_onnx, run_onnx
from .base import BaseDetector
from .nms import nms
from .output_decoders import Decoded, OutputDecoder

MAX_COORDINATE = 1e6  # pixels; no image that can be decoded is as large


@MODELS.register_module()
class ONNXDetector(BaseDetector):
    """A detector run by onnxruntime: no torch, no compiled operators.

    A frame is scaled to fit the network input, laid into its top left corner and padded
    (YOLOX's ``preproc``); boxes come back in pixels of the frame, clipped to it. The
    batch is run at once where the export's batch axis is dynamic, else frame by frame.

    Args:
        model: The ONNX file. It has one input (B, 3, H, W).
        decoder: What its outputs mean; config or :class:`OutputDecoder`.
        input_size: Height and width of the network input where the export leaves them
            open; a fixed export's own size is taken.
        score_threshold: Least score.
        nms_threshold: Greatest IoU of two boxes of one class; ``None`` for no NMS.
        labels: The classes kept, as the model numbers them; ``None`` for all. COCO: 0 is
            a person.
        mean: Subtracted from each channel.
        std: Divides each channel.
        to_rgb: Give the model RGB, not BGR.
        pad_value: Fills the rest of the network input.
        providers: onnxruntime's execution providers.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.
    """

    def __init__(
        self,
        *,
        model: str | None,
        decoder: dict | OutputDecoder,
        input_size: tuple[int, int] | None = None,
        score_threshold: float = 0.1,
        nms_threshold: float | None = 0.45,
        labels: Sequence[int] | None = (0,),
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        to_rgb: bool = False,
        pad_value: int = 114,
        providers: Sequence[str] = ('CPUExecutionProvider',),
        num_threads: int = 0,
    ) -> None:
        self.model = model
        self.decoder = (
            decoder if isinstance(decoder, OutputDecoder) else TASK_UTILS.build(decoder)
        )
        self.score_threshold = score_threshold
        self.nms_threshold = nms_threshold
        self.labels = None if labels is None else tuple(labels)
        self.mean = np.asarray(mean, np.float32)
        self.std = np.asarray(std, np.float32)
        self.to_rgb = to_rgb
        self.pad_value = pad_value
        self._session = open_onnx(
            model, 'ONNXDetector', '--weights', providers, num_threads
        )
        self._model_hash = onnx_hash(model)  # of what was opened
        self._dtype = image_input_type(
            self._session, model, 'ONNXDetector', self._is_normalised
        )
        self._fixed_batch, self.input_size = self._read_input(input_size)
        self._warned = False

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        images = [frame.image for frame in frames]
        step = self._fixed_batch or max(len(images), 1)
        detections = []
        for start in range(0, len(images), step):
            detections += self._detect_batch(images[start : start + step])
        return detections

    @cached_property
    def fingerprint(self) -> str:
        options = {
            'decoder': self.decoder.fingerprint,
            'input_size': self.input_size,
            'score': self.score_threshold,
            'nms': self.nms_threshold,
            'labels': self.labels,
            'picture': (self.mean.tolist(), self.std.tolist(), self.to_rgb),
            'pad': self.pad_value,
        }
        return f'ONNXDetector({self._model_hash}, {options})'

    @property
    def _is_normalised(self) -> bool:
        """Whether pixels are not given as they are."""
        return bool(self.mean.any() or (self.std != 1).any())

    def _read_input(
        self, input_size: tuple[int, int] | None
    ) -> tuple[int | None, tuple[int, int]]:
        """Batch size (``None``: any) and image size of the input."""
        shape = self._session.get_inputs()[0].shape
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise ValueError(
                f'{self.model}: ONNXDetector expects an input (B, 3, H, W), got {shape}'
            )
        batch, _, height, width = shape
        if isinstance(height, int) and isinstance(width, int):
            input_size = (height, width)
        elif input_size is None:
            raise ValueError(
                f'{self.model} leaves its input size open ({shape}): set '
                'input_size=(height, width) of ONNXDetector'
            )
        return batch if isinstance(batch, int) else None, tuple(input_size)

    def _detect_batch(self, images: list[np.ndarray]) -> list[Detections]:
        blobs, scales = zip(*map(self._letterbox, images), strict=True)
        batch = np.stack(blobs)
        missing = (self._fixed_batch or len(batch)) - len(batch)
        if missing:  # the last batch of a video may be short of a fixed size
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        outputs = run_onnx(self._session, self.model, batch)
        decoded = self.decoder(outputs, self.input_size)
        if len(decoded) != len(batch):
            raise ValueError(
                f'{self.model}: it was given a batch of {len(batch)} images and answered '
                f'for {len(decoded)}. Export it with a batch of 1, which is run image by '
                'image, or with an open batch axis that its outputs share.'
            )
        detections = []
        for boxes, scale, image in zip(
            decoded[: len(images)], scales, images, strict=True
        ):
            self.decoder.require_units(boxes, self.input_size, self.score_threshold)
            detections.append(self._finish(boxes, scale, image.shape))
        return detections

    def _letterbox(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        height, width = self.input_size
        scale = min(height / image.shape[0], width / image.shape[1])
        # A strip of an image still has a row and a column.
        size = tuple(max(1, int(n * scale)) for n in image.shape[1::-1])
        canvas = np.full((height, width, 3), self.pad_value, np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(
            image, size, interpolation=cv2.INTER_LINEAR
        )
        if self.to_rgb:
            canvas = canvas[..., ::-1]
        network_input = canvas.astype(np.float32)
        if self._is_normalised:
            network_input = (network_input - self.mean) / self.std
        return np.ascontiguousarray(
            network_input.transpose(2, 0, 1), self._dtype
        ), scale

    def _finish(
        self, decoded: Decoded, scale: float, shape: tuple[int, ...]
    ) -> Detections:
        boxes, scores, labels = decoded
        no_score = ~np.isfinite(scores)
        is_kept = (scores >= self.score_threshold) & ~no_score
        if self.labels is not None:
            is_kept &= np.isin(labels, self.labels)
        boxes = boxes[is_kept].astype(np.float64) / scale
        impossible = ~(np.abs(boxes) < MAX_COORDINATE).all(axis=1)
        boxes[impossible] = np.nan  # clipping would make boxes of them
        impossible |= (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
        np.clip(boxes, 0, [shape[1], shape[0]] * 2, out=boxes)
        detections, dropped = Detections.cleaned(
            boxes, scores[is_kept], labels[is_kept]
        )
        is_broken = no_score.any() or (impossible.any() and not len(detections))
        self._tell_of_dropped(dropped, int(no_score.sum()), is_broken)
        if self.nms_threshold is None:
            return detections
        return detections[
            nms(
                detections.boxes,
                detections.scores,
                detections.labels,
                self.nms_threshold,
            )
        ]

    def _tell_of_dropped(self, dropped: int, no_score: int, is_broken: bool) -> None:
        """Log boxes that were left out; once as a warning where the model is broken."""
        if not (dropped or no_score):
            return
        text = (
            f'{self.model}: dropped {dropped} boxes that were empty or not finite and '
            f'{no_score} with a score that is not (NaN or infinite)'
        )
        if is_broken and not self._warned:
            self._warned = True
            text += (
                '. Its weights may be damaged, or the decoder of ONNXDetector does not '
                'fit this export. This is said once'
            )
            print_log(text, logger='current', level=logging.WARNING)
        else:
            print_log(text, logger='current', level=logging.DEBUG)
