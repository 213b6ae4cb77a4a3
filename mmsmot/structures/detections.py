"""The detections of one frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .boxes import as_boxes, require_valid_boxes, valid_boxes
from .columns import NOT_GIVEN, as_column, default_column, is_column_given


@dataclass(frozen=True, eq=False)
class Detections:
    """The detections of one frame; rows in the detector's order.

    Attributes:
        boxes: (N, 4) float64, x1, y1, x2, y2 in pixels of the original frame.
        scores: (N,) float64.
        labels: (N,) int64, 0 where ``None`` is given.
        embeddings: (N, D) float32 appearance vectors, or ``None``.

    Raises:
        ValueError: Shapes do not fit, or a value is not finite, or a box is inverted.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray = field(default_factory=default_column)
    embeddings: np.ndarray | None = None

    def __post_init__(self) -> None:
        boxes = as_boxes(self.boxes, 'Detections')
        rows = len(boxes)
        labels = (
            self.labels if is_column_given(self.labels) else np.zeros(rows, np.int64)
        )
        columns = {
            'scores': as_column(self.scores, rows, np.float64, 'scores', 'Detections'),
            'labels': as_column(labels, rows, np.int64, 'labels', 'Detections'),
        }
        if self.embeddings is not None:
            columns['embeddings'] = _embeddings(self.embeddings, rows)
        require_valid_boxes(boxes, 'Detections')
        object.__setattr__(self, 'boxes', boxes)
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, rows: np.ndarray | slice) -> Detections:
        """The rows of an index array, a mask or a slice."""
        return Detections(
            self.boxes[rows],
            self.scores[rows],
            self.labels[rows],
            None if self.embeddings is None else self.embeddings[rows],
        )

    @classmethod
    def empty(cls) -> Detections:
        """No detection."""
        return cls(np.empty((0, 4)), np.empty(0))

    @classmethod
    def cleaned(
        cls,
        boxes: np.ndarray,
        scores: np.ndarray,
        labels: np.ndarray | None = None,
        embeddings: np.ndarray | None = None,
    ) -> tuple[Detections, int]:
        """Detections without the rows that are none (NaN, inf, empty, inverted).

        Returns:
            The detections and the number of rows dropped, for the caller to log.
        """
        boxes = as_boxes(boxes, 'Detections')
        scores = np.asarray(scores, dtype=np.float64).reshape(-1)
        is_valid = valid_boxes(boxes) & np.isfinite(scores)

        detections = cls(
            boxes[is_valid],
            scores[is_valid],
            NOT_GIVEN if labels is None else np.asarray(labels)[is_valid],
            None if embeddings is None else np.asarray(embeddings)[is_valid],
        )
        return detections, int((~is_valid).sum())


def _embeddings(value: np.ndarray, rows: int) -> np.ndarray:
    embeddings = np.asarray(value, dtype=np.float32)
    if embeddings.ndim != 2:
        raise ValueError(
            f'Detections: embeddings must be (N, D), got {embeddings.shape}'
        )
    if len(embeddings) != rows:
        raise ValueError(f'Detections: {rows} boxes but {len(embeddings)} embeddings')
    if not np.isfinite(embeddings).all():
        raise ValueError('Detections: embeddings holds a value that is not finite')
    return embeddings
