"""Decoder of a single-shot detector's box encodings."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS, build_part
from ...utils.number_ranges import (
    NON_NEGATIVE_INT,
    POSITIVE,
    require_choice,
    require_numbers,
)
from .anchors import Anchors
from .output_decoders import (
    AnchorDecoder,
    Decoded,
    DecodedAnchors,
    decoder_input_size,
    refuse_decoder_outputs,
)

# e^10 times the size of its anchor is a box in no image.
MAX_LOG_RATIO = 10.0
COLUMNS = {'xy': [0, 1, 2, 3], 'yx': [1, 0, 3, 2]}
ACTIVATIONS = (None, 'sigmoid', 'softmax')


@TASK_UTILS.register_module()
class SSDDecoder(AnchorDecoder):
    """Exports of SSD and its kin, which encode a box for each of A anchors.

    Two outputs: encodings (B, A, 4), which are offset of the centre and log size, and
    scores (B, A, classes). From an anchor with centre a and size s, a box has centre
    :math:`a + v_0 s d_{centre}` and size :math:`s e^{v_1 d_{size}}` (SSD, section 2.2).
    The original networks were trained on stretched images
    (``ONNXDetector(keep_ratio=False)``).

    Args:
        anchors: The anchors; config or :class:`Anchors`.
        order: ``'xy'`` for encodings (dx, dy, dw, dh), ``'yx'`` for (dy, dx, dh, dw).
        variances: v of centre and of size; TensorFlow's scales 10 and 5 are 0.1 and 0.2.
        background: The column of scores that is no class; ``None`` where all are. Labels
            number the other columns from 0.
        activation: Turns logits into scores: ``'sigmoid'`` or ``'softmax'``; ``None``
            where the export has done so.
    """

    def __init__(
        self,
        *,
        anchors: dict | Anchors,
        order: str = 'xy',
        variances: tuple[float, float] = (0.1, 0.2),
        background: int | None = 0,
        activation: str | None = None,
    ) -> None:
        require_choice('SSDDecoder', COLUMNS, order=order)
        require_choice('SSDDecoder', ACTIVATIONS, activation=activation)
        require_numbers('SSDDecoder', NON_NEGATIVE_INT.or_none, background=background)
        for variance in variances:
            require_numbers('SSDDecoder', POSITIVE, variances=variance)
        self.anchors = build_part(anchors, TASK_UTILS)
        self.order = order
        self.variances = tuple(variances)
        self.background = background
        self.activation = activation

    def __call__(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[Decoded]:
        """As of :class:`OutputDecoder`, a row for each class of each anchor."""
        rows = []
        for boxes, scores, _ in self.decode_at_anchors(outputs, input_size):
            num_anchors, num_classes = scores.shape
            labels = np.tile(np.arange(num_classes), num_anchors)
            rows.append((boxes.repeat(num_classes, axis=0), scores.ravel(), labels))
        return rows

    def decode_at_anchors(
        self, outputs: list[np.ndarray], input_size: tuple[int, int]
    ) -> list[DecodedAnchors]:
        anchors = self.anchors(input_size) * decoder_input_size(input_size)
        encodings, logits = self._split(outputs, len(anchors))
        encodings = encodings[..., COLUMNS[self.order]].astype(np.float64)
        boxes = self._decode(encodings, anchors)
        scores = _activate(logits, self.activation)
        if self.background is not None:
            scores = np.delete(scores, self.background, axis=2)
        return [
            (image_boxes, image_scores, anchors)
            for image_boxes, image_scores in zip(boxes, scores, strict=True)
        ]

    @property
    def fingerprint(self) -> str:
        options = (self.order, self.variances, self.background, self.activation)
        return f'SSDDecoder({options}, {self.anchors.fingerprint})'

    def _decode(self, encodings: np.ndarray, anchors: np.ndarray) -> np.ndarray:
        """Boxes (B, A, 4) in pixels of the network input; not finite where huge."""
        sizes = anchors[:, 2:] - anchors[:, :2]
        centres = (anchors[:, :2] + anchors[:, 2:]) / 2
        centres = centres + self.variances[0] * sizes * encodings[..., :2]
        log_ratios = self.variances[1] * encodings[..., 2:]
        possible = np.where(log_ratios <= MAX_LOG_RATIO, log_ratios, np.nan)
        half_sizes = sizes * np.exp(possible) / 2
        return np.concatenate([centres - half_sizes, centres + half_sizes], axis=2)

    def _split(
        self, outputs: list[np.ndarray], num_anchors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Encodings (B, A, 4) and scores (B, A, columns), whichever comes first.

        Where scores have four columns too, the encodings are the first output.
        """
        fewest = 1 if self.background is None else max(self.background + 1, 2)
        is_aligned = all(o.ndim == 3 and o.shape[1] == num_anchors for o in outputs)
        if len(outputs) == 2 and is_aligned:
            for encodings, scores in (outputs, outputs[::-1]):
                if encodings.shape[2] == 4 and scores.shape[2] >= fewest:
                    return encodings, scores
        refuse_decoder_outputs(
            'SSDDecoder',
            f'encodings (B, {num_anchors}, 4) and scores (B, {num_anchors}, at least '
            f'{fewest}) for its {num_anchors} anchors',
            outputs,
        )


def _activate(logits: np.ndarray, activation: str | None) -> np.ndarray:
    if activation == 'sigmoid':
        return 1 / (1 + np.exp(-logits))
    if activation == 'softmax':
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return logits
