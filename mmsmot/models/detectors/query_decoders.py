"""Decoder of exports that end in boxes and class logits of queries, as DETR's do."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...registry import TASK_UTILS
from .box_checks import (
    checked_box_corners,
    require_box_probabilities,
    require_fraction_boxes,
    require_pixel_boxes,
)
from .output_decoders import (
    Decoded,
    OutputDecoder,
    decoder_input_size,
    refuse_decoder_outputs,
)

# Of a sigmoid, background is no class, so most queries score low everywhere; read so, a
# softmax's last class ("no object") scores high in nearly all of them.
MAX_BACKGROUND = 0.5


@TASK_UTILS.register_module()
class BoxLogitsDecoder(OutputDecoder):
    """Boxes (B, Q, 4) and class logits (B, Q, classes), in either order.

    RT-DETR, D-FINE and Deformable DETR (``activation='sigmoid'``) and DETR and YOLOS
    (``'softmax'``) as ``optimum`` exports them, and RF-DETR. One output
    (B, Q, 4 + classes) holds both as columns: ultralytics' RT-DETR, whose sigmoid is in
    the export (``activation='none'``). Of a sigmoid, the Q highest scores of any query
    and class are taken, as the authors do.

    Args:
        activation: What makes scores of the logits; the last class of a softmax is "no
            object".
        box_format: ``'cxcywh'``: centre, width and height; ``'xyxy'``: corners.
        normalized: Boxes are fractions of the network input, not pixels.
        logits_first: Which output is which where both have four columns.
    """

    preparation = 'detr'
    nms_threshold = None  # one query for one object

    def __init__(
        self,
        *,
        activation: Literal['sigmoid', 'softmax', 'none'] = 'sigmoid',
        box_format: Literal['cxcywh', 'xyxy'] = 'cxcywh',
        normalized: bool = True,
        logits_first: bool = False,
    ) -> None:
        self.activation = activation
        self.box_format = box_format
        self.normalized = normalized
        self.logits_first = logits_first

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        boxes, logits = self._split(outputs)
        if self.box_format == 'cxcywh':
            boxes = checked_box_corners(boxes)
        if self.normalized:
            boxes = boxes * decoder_input_size(input_size)
        select = _best_class if self.activation == 'softmax' else _best_pairs
        scores = self._scores(logits)
        return [select(*pair) for pair in zip(boxes, scores, strict=True)]

    def require_units(
        self, decoded: Decoded, input_size: tuple[int, int], score_threshold: float
    ) -> None:
        boxes, scores, _ = decoded
        if self.activation == 'none':
            advice = "Set activation='sigmoid' of the decoder, or 'softmax'."
            require_box_probabilities('BoxLogitsDecoder', scores, advice)
        boxes = boxes[scores >= score_threshold]
        advice = f'Set normalized={not self.normalized} of the decoder.'
        if self.normalized:
            require_fraction_boxes(
                'BoxLogitsDecoder', boxes / decoder_input_size(input_size), advice
            )
        else:
            require_pixel_boxes('BoxLogitsDecoder', boxes, advice)

    def _split(self, outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(B, Q, 4) boxes and (B, Q, C) logits."""
        if len(outputs) == 1 and outputs[0].ndim == 3 and outputs[0].shape[2] > 4:
            return outputs[0][..., :4], outputs[0][..., 4:]
        tables = [output for output in outputs if output.ndim == 3]
        boxes = [table for table in tables if table.shape[2] == 4]
        if len(tables) == 2 and len(boxes) == 2:  # of four classes
            return tables[self.logits_first], tables[not self.logits_first]
        logits = [table for table in tables if table.shape[2] != 4]
        if len(boxes) != 1 or len(logits) != 1 or len(boxes[0][0]) != len(logits[0][0]):
            refuse_decoder_outputs(
                'BoxLogitsDecoder',
                'boxes (B, Q, 4) and logits (B, Q, classes), or one output '
                '(B, Q, 4 + classes)',
                outputs,
            )
        return boxes[0], logits[0]

    def _scores(self, logits: np.ndarray) -> np.ndarray:
        if self.activation == 'none':
            return logits
        with np.errstate(over='ignore'):  # of a logit of -1000 the score is 0
            if self.activation == 'softmax':
                powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
                return powers / powers.sum(axis=-1, keepdims=True)
            scores = 1 / (1 + np.exp(-logits))
        background = (scores[..., -1] > MAX_BACKGROUND).mean() if scores.size else 0
        if scores.shape[-1] > 1 and background > MAX_BACKGROUND:
            raise ValueError(
                f'BoxLogitsDecoder: {background:.0%} of the queries score above '
                f'{MAX_BACKGROUND} in the last of {scores.shape[-1]} classes, which is '
                "then no class but DETR's \"no object\". Set activation='softmax' of the "
                'decoder.'
            )
        return scores


def _best_pairs(boxes: np.ndarray, scores: np.ndarray) -> Decoded:
    """The Q highest scores of any query and class."""
    count = len(boxes)
    flat = scores.reshape(-1)
    if len(flat) > count:
        pairs = np.argpartition(-flat, count - 1)[:count]
    else:
        pairs = np.arange(len(flat))
    queries, labels = np.divmod(pairs, max(scores.shape[1], 1))
    return boxes[queries], flat[pairs], labels


def _best_class(boxes: np.ndarray, scores: np.ndarray) -> Decoded:
    """The best class of each query but the last one, "no object"."""
    labels = scores[:, :-1].argmax(axis=1)
    return boxes, scores[np.arange(len(scores)), labels], labels
