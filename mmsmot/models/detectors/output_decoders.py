"""Decoders of the outputs of a detector's ONNX export."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import NoReturn

import numpy as np

from ...registry import TASK_UTILS

# Boxes (A, 4) xyxy in pixels of the network input, scores (A,), labels (A,).
Decoded = tuple[np.ndarray, np.ndarray, np.ndarray]
# Boxes (A, 4) and anchors (A, 4) in the same pixels, with scores (A, C) between them.
DecodedAnchors = tuple[np.ndarray, np.ndarray, np.ndarray]


class OutputDecoder(ABC):
    """Turns the outputs for a batch into boxes in pixels of the network input.

    Attributes:
        preparation: How images are prepared for such exports unless the detector is told
            otherwise: a name in :data:`.image_preparation.PREPARATIONS`.
        nms_threshold: Greatest IoU of two boxes of one class in the authors' suppression
            behind the network; ``None``: there is none, or it is in the export.
    """

    preparation: str = 'yolox'
    nms_threshold: float | None = 0.45

    @abstractmethod
    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        """Decode B images.

        Args:
            outputs: The model's outputs, first axis B.
            input_size: Height and width of the network input.

        Raises:
            ValueError: The outputs are not of the shapes that this decoder reads.
        """

    def decode(
        self, outputs: list[np.ndarray], input_size: tuple[int, int], batch_size: int
    ) -> list[Decoded]:
        """As a call, for decoders of outputs that do not tell B; B is ``batch_size``."""
        return self(outputs, input_size)

    def require_units(
        self, decoded: Decoded, input_size: tuple[int, int], score_threshold: float
    ) -> None:
        """Refuse boxes that are not in the units that this decoder was told of.

        Args:
            decoded: Of one image.
            input_size: Height and width of the network input.
            score_threshold: Boxes below it are padding or noise and are not judged.

        Raises:
            ValueError: They are not; names the option to set.
        """
        return  # most exports know one unit alone

    @property
    def fingerprint(self) -> str:
        """A stable text; equal for decoders that decode alike.

        By default the class and its public attributes; keep every option in one.
        """
        options = {k: v for k, v in sorted(vars(self).items()) if k[0] != '_'}
        return f'{type(self).__module__}.{type(self).__qualname__}({options})'


class AnchorDecoder(OutputDecoder):
    """Decoder of an export that predicts a box at each of A anchors."""

    @abstractmethod
    def decode_at_anchors(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[DecodedAnchors]:
        """Decode B images; arguments and errors as of :meth:`OutputDecoder.__call__`.

        Returns:
            For each image boxes (A, 4), scores (A, C) of each class and anchors (A, 4),
            x1, y1, x2, y2 in pixels of the network input.
        """


def refuse_decoder_outputs(
    decoder: str, expected: str, outputs: list[np.ndarray]
) -> NoReturn:
    """Refuse outputs of other shapes than a decoder reads.

    Args:
        decoder: Its name.
        expected: The shapes that it reads.
        outputs: What the model gave.

    Raises:
        ValueError: Names both.
    """
    shapes = ', '.join(str(tuple(output.shape)) for output in outputs)
    raise ValueError(
        f'{decoder} expects {expected}, but the model gave outputs of shape {shapes}.'
    )


# A box of e^10 cells is 176,000 pixels wide at YOLOX's finest level: no log size is above.
MAX_LOG_SIZE = 10.0
# Cells between a decoded centre and its own cell, at the median; YOLOX-nano's are 0.5.
MAX_CENTRE_OFFSET = 1.5


@TASK_UTILS.register_module()
class YOLOXDecoder(AnchorDecoder):
    """YOLOX's one output (B, A, 5 + classes), exported with or without grid decoding.

    A row is centre offset x, y and log size w, h in grid cells, objectness, and a
    probability for each class, cells row by row, level by level (YOLOX, section 2.1; the
    released ``demo_postprocess``). YOLOX's exporter writes centre and size in pixels
    instead with ``--decode_in_inference``. The anchor of a row is its cell.

    Args:
        strides: Pixels of a grid cell at each level.
        in_pixels: Whether centre and size are in pixels already; ``None``: as the values
            say, which differ so much that they cannot be confused.
    """

    def __init__(
        self, *, strides: tuple[int, ...] = (8, 16, 32), in_pixels: bool | None = None
    ) -> None:
        self.strides = tuple(strides)
        self.in_pixels = in_pixels
        self._grid = lru_cache(maxsize=4)(self._make_grid)

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        corners, strides = self._require_grid(outputs, input_size)
        return [self._decode(rows, corners, strides) for rows in outputs[0]]

    def decode_at_anchors(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[DecodedAnchors]:
        corners, strides = self._require_grid(outputs, input_size)
        cells = np.concatenate([corners, corners + 1], axis=1) * strides
        with np.errstate(over='ignore'):  # as of _decode
            return [
                (self._boxes(rows, corners, strides), rows[:, 4:5] * rows[:, 5:], cells)
                for rows in outputs[0]
            ]

    def _require_grid(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The grid of a network input, which the outputs fit."""
        corners, strides = self._grid(tuple(input_size))
        if (
            len(outputs) != 1
            or outputs[0].ndim != 3
            or outputs[0].shape[1] != len(corners)
            or outputs[0].shape[2] < 6
        ):
            refuse_decoder_outputs(
                'YOLOXDecoder',
                f'one output (B, {len(corners)}, 5 + classes) for an input of '
                f'{input_size[1]}x{input_size[0]} and strides {self.strides}',
                outputs,
            )
        return corners, strides

    def _decode(
        self, rows: np.ndarray, corners: np.ndarray, strides: np.ndarray
    ) -> Decoded:
        labels = rows[:, 5:].argmax(axis=1)
        with np.errstate(over='ignore'):  # of a broken model; infinite is told of
            scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + labels]
        return self._boxes(rows, corners, strides), scores, labels

    def _boxes(
        self, rows: np.ndarray, corners: np.ndarray, strides: np.ndarray
    ) -> np.ndarray:
        """(A, 4) x1, y1, x2, y2 in pixels of the network input."""
        in_pixels = self.in_pixels
        if in_pixels is None:
            in_pixels = _is_in_pixels(rows[:, :4], corners, strides)
        if in_pixels:
            centres, half_sizes = rows[:, :2], rows[:, 2:4] / 2
        else:
            centres = (rows[:, :2] + corners) * strides
            log_sizes = rows[:, 2:4]
            possible = np.where(log_sizes <= MAX_LOG_SIZE, log_sizes, np.nan)
            half_sizes = np.exp(possible) * strides / 2
        return np.concatenate([centres - half_sizes, centres + half_sizes], axis=1)

    def _make_grid(self, input_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        corners, sizes = [], []
        for stride in self.strides:
            rows, columns = np.mgrid[
                : input_size[0] // stride, : input_size[1] // stride
            ]
            corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
            sizes.append(np.full((columns.size, 1), stride))
        return np.concatenate(corners).astype(np.float32), np.concatenate(sizes)


def _is_in_pixels(rows: np.ndarray, corners: np.ndarray, strides: np.ndarray) -> bool:
    """Whether (A, 4) centre and size of YOLOX are in pixels, of finite values alone.

    In pixels no size is negative, some are more than a log size can be, and centres lie
    at their own cells; offsets to a cell lie around 0, wherever the cell is.
    """
    sizes = rows[:, 2:]
    # NaN is neither; the comparisons are false.
    if not (sizes.min() >= 0 and sizes.max() > MAX_LOG_SIZE):
        return False
    offsets = np.abs(rows[:, :2] / strides - corners - 0.5)
    return bool(np.median(offsets) <= MAX_CENTRE_OFFSET)


@TASK_UTILS.register_module()
class BoxesDecoder(OutputDecoder):
    """Exports that end in finished boxes, as MMDeploy's and DETR-like ones do.

    Either two outputs, boxes with scores (B, K, 5) and labels (B, K), or three, boxes
    (B, K, 4), scores (B, K) and labels (B, K), in any order of the names.

    Args:
        normalized: Boxes are fractions of the network input, not pixels.
    """

    nms_threshold = None  # in the export, or not needed

    def __init__(self, *, normalized: bool = False) -> None:
        self.normalized = normalized

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        boxes = [o for o in outputs if o.ndim == 3 and o.shape[2] in (4, 5)]
        flat = [o for o in outputs if o.ndim == 2]
        labels = [o for o in flat if o.dtype.kind in 'iu']
        scores = [o for o in flat if o.dtype.kind == 'f']
        scored = bool(boxes) and boxes[0].shape[2] == 5
        if len(boxes) != 1 or len(labels) != 1 or len(scores) != (0 if scored else 1):
            refuse_decoder_outputs(
                'BoxesDecoder',
                'boxes with scores (B, K, 5) and integer labels (B, K), or boxes '
                '(B, K, 4), scores (B, K) and integer labels (B, K)',
                outputs,
            )
        corners = boxes[0][..., :4]
        if self.normalized:
            corners = corners * decoder_input_size(input_size).astype(corners.dtype)
        values = boxes[0][..., 4] if scored else scores[0]
        return list(zip(corners, values, labels[0], strict=True))

    def require_units(
        self, decoded: Decoded, input_size: tuple[int, int], score_threshold: float
    ) -> None:
        corners, scores, _ = decoded
        corners = corners[scores >= score_threshold]
        if self.normalized:
            corners = corners / decoder_input_size(input_size)
        sizes = corners[:, 2:] - corners[:, :2]
        boxes = corners[(sizes > 0).all(axis=1) & np.isfinite(corners).all(axis=1)]
        # Fractions of boxes that reach beyond the image are still below 2.
        if not len(boxes) or (np.abs(boxes).max() <= 2) == self.normalized:
            return
        units = ('pixels', 'fractions')[self.normalized]
        raise ValueError(
            f'BoxesDecoder(normalized={self.normalized}) expects boxes in {units} of the '
            f'network input, but their coordinates reach {np.abs(boxes).max():.4g}. Set '
            f'normalized={not self.normalized} of the decoder (model.detector.decoder).'
        )


def decoder_input_size(input_size: tuple[int, int]) -> np.ndarray:
    """(4,) pixels of a whole network input: width, height, width, height."""
    height, width = input_size
    return np.array([width, height, width, height], np.float64)
