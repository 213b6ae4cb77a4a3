"""Any detector exported to ONNX."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import cv2
import numpy as np
from mmengine.logging import print_log

from ...registry import MODELS, TASK_UTILS, build_part
from ...structures import Detections, Frame
from ...utils.onnx_file import onnx_hash
from ...utils.onnx_session import image_input_type, open_onnx, run_onnx
from .base import BaseDetector, RawDetections
from .nms import nms
from .output_decoders import AnchorDecoder, Decoded, OutputDecoder

MAX_COORDINATE = 1e6  # pixels; no image that can be decoded is as large


@MODELS.register_module()
class ONNXDetector(BaseDetector):
    """A detector run by onnxruntime: no torch, no compiled operators.

    A frame is scaled to fit the network input, laid into its top left corner and padded
    (YOLOX's ``preproc``); boxes come back in pixels of the frame, clipped to it. Where
    the decoder is an :class:`AnchorDecoder`, :meth:`raw` gives them too. The batch is run at once where the export's batch axis is dynamic, else frame by frame.

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
        keep_ratio: Whether a frame keeps its aspect ratio; else it is stretched to the
            whole network input.
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
        keep_ratio: bool = True,
        pad_value: int = 114,
        providers: Sequence[str] = ('CPUExecutionProvider',),
        num_threads: int = 0,
    ) -> None:
        self.model = model
        self.decoder = build_part(decoder, TASK_UTILS)
        self.score_threshold = score_threshold
        self.nms_threshold = nms_threshold
        self.labels = None if labels is None else tuple(labels)
        self.mean = np.asarray(mean, np.float32)
        self.std = np.asarray(std, np.float32)
        self.to_rgb = to_rgb
        self.keep_ratio = keep_ratio
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
        detections = []
        for decoded, scale, shape in self._decode(frames, self.decoder):
            self.decoder.require_units(decoded, self.input_size, self.score_threshold)
            detections.append(self._finish(decoded, scale, shape))
        return detections

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        """As of :class:`BaseDetector`; rows of a broken model may be NaN."""
        if not isinstance(self.decoder, AnchorDecoder):
            raise TypeError(
                f'ONNXDetector has no raw detections with {type(self.decoder).__name__}: '
                'its export has no anchors. Take YOLOXDecoder or SSDDecoder with an '
                'export that they fit'
            )
        return [
            RawDetections(
                _clipped(boxes.astype(np.float64) / scale, shape),
                scores.astype(np.float64),
                anchors / scale,
            )
            for (boxes, scores, anchors), scale, shape in self._decode(
                frames, self.decoder.decode_at_anchors
            )
        ]

    @cached_property
    def fingerprint(self) -> str:
        options = {
            'decoder': self.decoder.fingerprint,
            'input_size': self.input_size,
            'score': self.score_threshold,
            'nms': self.nms_threshold,
            'labels': self.labels,
            'picture': (self.mean.tolist(), self.std.tolist(), self.to_rgb),
            'keep_ratio': self.keep_ratio,
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

    def _decode(
        self,
        frames: Sequence[Frame],
        decode: Callable[[list[np.ndarray], tuple[int, int]], list[Decoded]],
    ) -> Iterator[tuple[Decoded, np.ndarray, tuple[int, ...]]]:
        """Run batch by batch.

        Yields:
            For each frame what ``decode`` made of the outputs, (4,) network pixels per
            pixel of the frame, and the shape of its image.
        """
        step = self._fixed_batch or max(len(frames), 1)
        for start in range(0, len(frames), step):
            images = [frame.image for frame in frames[start : start + step]]
            blobs, scales = zip(*map(self._fit, images), strict=True)
            batch = np.stack(blobs)
            missing = step - len(batch)
            if missing:  # the last batch of a video may be short of a fixed size
                batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
            outputs = run_onnx(self._session, self.model, batch)
            decoded = decode(outputs, self.input_size)
            if len(decoded) != len(batch):
                raise ValueError(
                    f'{self.model}: it was given a batch of {len(batch)} images and '
                    f'answered for {len(decoded)}. Export it with a batch of 1, which is '
                    'run image by image, or with an open batch axis that its outputs '
                    'share.'
                )
            for image, image_decoded, scale in zip(
                images, decoded[: len(images)], scales, strict=True
            ):
                yield image_decoded, scale, image.shape

    def _fit(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The network input (3, H, W) of an image, and (4,) its scale in x, y, x, y."""
        height, width = self.input_size
        image_size = image.shape[1::-1]
        scale = np.divide((width, height), image_size)
        if self.keep_ratio:
            scale[:] = scale.min()
        # A strip of an image still has a row and a column.
        size = [max(1, int(side)) for side in image_size * scale]
        canvas = np.full((height, width, 3), self.pad_value, np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(
            image, size, interpolation=cv2.INTER_LINEAR
        )
        if self.to_rgb:
            canvas = canvas[..., ::-1]
        network_input = canvas.astype(np.float32)
        if self._is_normalised:
            network_input = (network_input - self.mean) / self.std
        network_input = np.ascontiguousarray(
            network_input.transpose(2, 0, 1), self._dtype
        )
        return network_input, np.tile(scale, 2)

    def _finish(
        self, decoded: Decoded, scale: np.ndarray, shape: tuple[int, ...]
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
        detections, dropped = Detections.cleaned(
            _clipped(boxes, shape), scores[is_kept], labels[is_kept]
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


def _clipped(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes (N, 4) cut off at the sides of an image; NaN stays NaN."""
    return np.clip(boxes, 0, [shape[1], shape[0]] * 2)
