"""Decoders of exports that hold non-maximum suppression as an operator."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from .output_decoders import Decoded, refuse_decoder_outputs
from .yolo_decoders import YOLOPixelDecoder, yolo_decoder_labels


@TASK_UTILS.register_module()
class EfficientNMSDecoder(YOLOPixelDecoder):
    """Number of boxes (B, 1), boxes (B, K, 4), scores (B, K) and labels (B, K).

    The outputs of TensorRT's EfficientNMS, and of ONNX exports that have its form with
    the operator NonMaxSuppression (``num_dets``, ``det_boxes``, ``det_scores``,
    ``det_classes``), in this order; labels may be floats. Boxes are x1, y1, x2, y2 in
    pixels. onnxruntime cannot run TensorRT's operator itself.
    """

    nms_threshold = None

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        if len(outputs) != 4 or not self._fits(*outputs):
            refuse_decoder_outputs(
                'EfficientNMSDecoder',
                'number (B, 1), boxes (B, K, 4), scores (B, K) and labels (B, K)',
                outputs,
            )
        counts, boxes, scores, labels = outputs
        return [
            (image_boxes[:n], image_scores[:n], yolo_decoder_labels(image_labels[:n]))
            for n, image_boxes, image_scores, image_labels in zip(
                counts.reshape(-1).astype(int), boxes, scores, labels, strict=True
            )
        ]

    @staticmethod
    def _fits(
        counts: np.ndarray, boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray
    ) -> bool:
        return (
            boxes.ndim == 3
            and boxes.shape[2] == 4
            and counts.size == len(boxes)
            and scores.shape == labels.shape == boxes.shape[:2]
            and scores.dtype.kind == 'f'
        )


@TASK_UTILS.register_module()
class BatchRowsDecoder(YOLOPixelDecoder):
    """One output (N, 7): the boxes of all images of a batch below each other.

    A row is image index, x1, y1, x2, y2 in pixels, label and score (YOLOv7's
    ``--end2end --max-wh``), or score and label (super-gradients' flat format).

    Args:
        score_first: The score stands before the label.
    """

    nms_threshold = None

    def __init__(self, *, score_first: bool = False) -> None:
        self.score_first = score_first

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        """Decode the images up to the last that has a box; see :meth:`decode`."""
        index = yolo_decoder_labels(self._rows(outputs)[:, 0])
        return self.decode(outputs, input_size, int(index.max(initial=-1)) + 1)

    def decode(
        self, outputs: list[np.ndarray], input_size: tuple[int, int], batch_size: int
    ) -> list[Decoded]:
        rows = self._rows(outputs)
        index = yolo_decoder_labels(rows[:, 0])
        score, label = (5, 6) if self.score_first else (6, 5)
        self._require_labels(rows[:, label])
        return [
            (
                rows[of_image, 1:5],
                rows[of_image, score],
                yolo_decoder_labels(rows[of_image, label]),
            )
            for of_image in (index == i for i in range(batch_size))
        ]

    @staticmethod
    def _rows(outputs: list[np.ndarray]) -> np.ndarray:
        if outputs[0].ndim != 2 or outputs[0].shape[1] != 7:
            refuse_decoder_outputs(
                'BatchRowsDecoder', 'an output (N, 7): image index and box', outputs
            )
        return outputs[0]

    def _require_labels(self, labels: np.ndarray) -> None:
        """Refuse labels that are scores."""
        finite = labels[np.isfinite(labels)]
        if (finite != finite.round()).any():
            raise ValueError(
                f'BatchRowsDecoder(score_first={self.score_first}) expects labels in '
                f'column {6 if self.score_first else 5}, where {finite[0]:.4g} stands. Set '
                f'score_first={not self.score_first} of the decoder.'
            )
