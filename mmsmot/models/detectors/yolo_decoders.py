"""Decoders of YOLO exports other than YOLOX: YOLOv5 to YOLO12 and their kin."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from .box_checks import (
    checked_box_corners,
    require_box_probabilities,
    require_pixel_boxes,
)
from .output_decoders import Decoded, OutputDecoder, refuse_decoder_outputs

ANOTHER = 'Set another decoder (model.detector.decoder).'


class YOLOPixelDecoder(OutputDecoder):
    """Boxes in pixels of the network input, scores that are probabilities."""

    preparation = 'yolo'

    def require_units(
        self, decoded: Decoded, input_size: tuple[int, int], score_threshold: float
    ) -> None:
        boxes, scores, _ = decoded
        name = type(self).__name__
        require_box_probabilities(name, scores, ANOTHER)
        require_pixel_boxes(name, boxes[scores >= score_threshold], ANOTHER)


@TASK_UTILS.register_module()
class YOLOv8Decoder(YOLOPixelDecoder):
    """One output (B, 4 + classes, A), as of YOLOv8, YOLOv9, YOLO11 and YOLO12.

    A column is centre x, y, width and height in pixels, and a probability for each class;
    there is no objectness. Rows below the classes (mask coefficients, key points) are not
    read, nor is a second output (mask prototypes). The exporter of ultralytics writes it
    unless it is told ``nms=True``.

    Args:
        num_classes: Classes, where other rows follow them; ``None``: all rows are classes.
    """

    nms_threshold = 0.7  # ultralytics' ``iou`` at prediction

    def __init__(self, *, num_classes: int | None = None) -> None:
        self.num_classes = num_classes

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        columns = outputs[0]
        least = 4 + (self.num_classes or 1)
        if columns.ndim != 3 or not least <= columns.shape[1] < columns.shape[2]:
            refuse_decoder_outputs(
                'YOLOv8Decoder',
                'an output (B, 4 + classes, A) with more anchors A than rows'
                + (f' and at least {least} rows' if self.num_classes else ''),
                outputs,
            )
        end = None if self.num_classes is None else least
        return [self._decode(image_columns[:end]) for image_columns in columns]

    @staticmethod
    def _decode(columns: np.ndarray) -> Decoded:
        labels = columns[4:].argmax(axis=0)
        scores = columns[4 + labels, np.arange(columns.shape[1])]
        return checked_box_corners(columns[:4].T), scores, labels


@TASK_UTILS.register_module()
class YOLOv5Decoder(YOLOPixelDecoder):
    """One output (B, A, 5 + classes), as of YOLOv5, YOLOv6 and YOLOv7.

    A row is centre x, y, width and height in pixels, objectness (YOLOv6's is 1), and a
    probability for each class. YOLOX has the same shape with one anchor a cell, in grid
    cells: :class:`.YOLOXDecoder`. Further outputs (feature maps of old exports) are not
    read.
    """

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        rows = outputs[0]
        if rows.ndim != 3 or rows.shape[2] < 6 or rows.shape[1] < rows.shape[2]:
            refuse_decoder_outputs(
                'YOLOv5Decoder',
                'an output (B, A, 5 + classes) with more anchors A than columns',
                outputs,
            )
        return [self._decode(image_rows) for image_rows in rows]

    @staticmethod
    def _decode(rows: np.ndarray) -> Decoded:
        labels = rows[:, 5:].argmax(axis=1)
        scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + labels]
        return checked_box_corners(rows[:, :4]), scores, labels


@TASK_UTILS.register_module()
class YOLOv10Decoder(YOLOPixelDecoder):
    """One output (B, K, 6 or more) of finished boxes, as of YOLOv10 and YOLO26.

    A row is x1, y1, x2, y2 in pixels, score and label; what follows (mask coefficients)
    is not read. Exports of ultralytics with ``nms=True`` are the same.
    """

    nms_threshold = None  # in the network or in the export

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        if outputs[0].ndim != 3 or outputs[0].shape[2] < 6:
            refuse_decoder_outputs(
                'YOLOv10Decoder', 'an output (B, K, 6): box, score, label', outputs
            )
        return [(r[:, :4], r[:, 4], yolo_decoder_labels(r[:, 5])) for r in outputs[0]]


def yolo_decoder_labels(values: np.ndarray) -> np.ndarray:
    """Labels that an export gives as floats; -1 for what is none."""
    return np.where(np.isfinite(values), values, -1).round().astype(np.int64)
