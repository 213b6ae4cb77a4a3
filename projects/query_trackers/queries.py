"""What query trackers hand on: queries, decoder outputs, ground truth of a frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from mmsmot.structures import Frame, SMOTDataSample

NEW = -1  # id of a query that no object has been assigned to
FALSE_POSITIVE = -2  # id of a track query that follows nothing, and is assigned nothing
PADDING = -3  # id of a row that fills a batch up


@dataclass(frozen=True, eq=False)
class Queries:
    """The queries of B frames: Q rows each, those that end a batch row are padding.

    Attributes:
        content: (B, Q, d), the decoder's input.
        refs: (B, Q, 2 or 4), reference points cx, cy or boxes cx, cy, w, h, as fractions
            of the image.
        pos: (B, Q, d) position embeddings; ``None``: the decoder takes none, or makes them
            from ``refs``.
        ids: (B, Q) int64: the track, in training the ground truth object; ``NEW``,
            ``FALSE_POSITIVE`` or ``PADDING`` for none.
        is_track: (B, Q) bool, rows that come from the frame before.
        ages: (B, Q) int64, frames for which a track was not seen.
        iou: (B, Q) IoU with the object when it was assigned last; training only.
    """

    content: Tensor
    refs: Tensor
    pos: Tensor | None
    ids: Tensor
    is_track: Tensor
    ages: Tensor
    iou: Tensor

    @classmethod
    def new(
        cls, content: Tensor, refs: Tensor, pos: Tensor | None = None, *, iou: float = 0
    ) -> Queries:
        """Queries without an object, (B, Q, ...)."""
        shape = content.shape[:2]
        ids = torch.full(shape, NEW, device=content.device)
        return cls(
            content,
            refs,
            pos,
            ids=ids,
            is_track=torch.zeros_like(ids, dtype=torch.bool),
            ages=torch.zeros_like(ids),
            iou=content.new_full(shape, iou),
        )

    def __len__(self) -> int:
        return self.content.shape[1]

    @property
    def pad(self) -> Tensor:
        """(B, Q) bool, the rows that are none."""
        return self.ids == PADDING

    def joined(self, tracks: Queries | None) -> Queries:
        """These, then track queries.

        Raises:
            ValueError: References are points here and boxes there, or only one has
                position embeddings.
        """
        if tracks is None or not len(tracks):
            return self
        if self.refs.shape[-1] != tracks.refs.shape[-1]:
            raise ValueError(
                f'new queries have references of {self.refs.shape[-1]} numbers and track '
                f'queries of {tracks.refs.shape[-1]}: take a query_init and an updater that '
                'go together (points with points, boxes with boxes)'
            )
        if (self.pos is None) != (tracks.pos is None):
            raise ValueError(
                'new queries and track queries both have position embeddings, or neither '
                'has: take a query_init and an updater that go together'
            )
        return self.map_columns(lambda *pair: torch.cat(pair, 1), tracks)

    def map_columns(
        self, function: Callable[..., Tensor], *more_queries: Queries
    ) -> Queries:
        """A function of each column, of these queries and of more; ``None`` stays."""
        columns = {
            part.name: None
            if getattr(self, part.name) is None
            else function(
                *(getattr(queries, part.name) for queries in (self, *more_queries))
            )
            for part in fields(self)
        }
        return Queries(**columns)

    def gather(self, index: GatherIndex) -> Queries:
        """Some rows of each batch row."""
        queries = self.map_columns(index.of)
        return queries.with_ids(
            queries.ids.masked_fill(index.pad, PADDING),
            is_track=queries.is_track & ~index.pad,
        )

    def repeated(self, count: int) -> Queries:
        """(count, Q, ...): those of one frame as those of so many."""
        return self.map_columns(lambda column: column.expand(count, *column.shape[1:]))

    def first(self, count: int) -> Queries:
        """The first rows of each batch row."""
        return self.map_columns(lambda column: column[:, :count])

    def as_tracks(self, content: Tensor, refs: Tensor, pos: Tensor | None) -> Queries:
        """The same rows as track queries of the next frame; padding stays none."""
        return replace(self, content=content, refs=refs, pos=pos, is_track=~self.pad)

    def where(self, mask: Tensor, fallback: Queries) -> Queries:
        """Content, references and positions of ``fallback`` where a mask (B, Q) is not set."""
        columns = {
            name: torch.where(
                mask[..., None], getattr(self, name), getattr(fallback, name)
            )
            for name in ('content', 'refs', 'pos')
            if getattr(self, name) is not None
        }
        return replace(self, **columns)

    def with_ids(self, ids: Tensor, **columns: Tensor) -> Queries:
        """The same with other ids, and other columns."""
        return replace(self, ids=ids, **columns)


@dataclass(frozen=True, eq=False)
class GatherIndex:
    """Which rows of each batch row are taken, in their order, and padding.

    Attributes:
        index: (B, K) int64.
        pad: (B, K) bool, the rows of ``index`` that fill up.
    """

    index: Tensor
    pad: Tensor

    @classmethod
    def where(cls, mask: Tensor) -> GatherIndex:
        """The rows that a mask (B, Q) names."""
        counts = mask.sum(1)
        longest = int(counts.max()) if len(counts) else 0
        order = (~mask).byte().argsort(dim=1, stable=True)[:, :longest]
        pad = torch.arange(longest, device=mask.device) >= counts[:, None]
        return cls(order, pad)

    def of(self, column: Tensor) -> Tensor:
        """(B, K, ...) rows of a column (B, Q, ...)."""
        index = self.index
        if column.dim() == 3:
            index = index[..., None].expand(-1, -1, column.shape[-1])
        return column.gather(1, index)


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the L decoder layers make of queries.

    Attributes:
        hs: (L, B, Q, d) embeddings.
        boxes: (L, B, Q, 4) cx, cy, w, h, as fractions of the image.
        logits: (L, B, Q, C).
    """

    hs: Tensor
    boxes: Tensor
    logits: Tensor

    def rows(self, rows: slice) -> Outputs:
        """Those of some queries."""
        return Outputs(
            self.hs[:, :, rows], self.boxes[:, :, rows], self.logits[:, :, rows]
        )

    def joined(self, tracks: Outputs) -> Outputs:
        """Those of these queries, then of track queries."""
        return Outputs(
            torch.cat([self.hs, tracks.hs], 2),
            torch.cat([self.boxes, tracks.boxes], 2),
            torch.cat([self.logits, tracks.logits], 2),
        )

    @property
    def is_finite(self) -> Tensor:
        """(B, Q) bool, queries whose last layer has numbers alone."""
        columns = (self.hs, self.boxes, self.logits)
        return torch.stack([c[-1].isfinite().all(-1) for c in columns]).all(0)

    @property
    def scores(self) -> Tensor:
        """(B, Q) of the last layer, of the best class."""
        return self.logits[-1].detach().sigmoid().amax(-1)


@dataclass(frozen=True, eq=False)
class FrameTargets:
    """The objects of B frames, padded to N each.

    Attributes:
        boxes: (B, N, 4) cx, cy, w, h, as fractions of the image, cut to it.
        labels: (B, N) int64.
        ids: (B, N) int64, ``PADDING`` where there is none.
    """

    boxes: Tensor
    labels: Tensor
    ids: Tensor

    @property
    def pad(self) -> Tensor:
        """(B, N) bool, the rows that are no object."""
        return self.ids == PADDING

    @classmethod
    def of(
        cls,
        frames: Sequence[Frame],
        samples: Sequence[SMOTDataSample],
        device: torch.device | str = 'cpu',
    ) -> FrameTargets:
        """Ground truth of one frame of each of B clips.

        A box outside the image is no target: the network sees nothing of it.
        """
        columns = [
            _frame_columns(frame, sample)
            for frame, sample in zip(frames, samples, strict=True)
        ]
        longest = max(len(ids) for *_, ids in columns)
        count = len(columns)
        boxes = torch.full((count, longest, 4), 0.5)  # a box, so that its IoU is finite
        labels = torch.zeros((count, longest), dtype=torch.int64)
        ids = torch.full((count, longest), PADDING)
        for row, (frame_boxes, frame_labels, frame_ids) in enumerate(columns):
            boxes[row, : len(frame_ids)] = torch.from_numpy(frame_boxes).float()
            labels[row, : len(frame_ids)] = torch.from_numpy(frame_labels)
            ids[row, : len(frame_ids)] = torch.from_numpy(frame_ids)
        return cls(boxes.to(device), labels.to(device), ids.to(device))


def _frame_columns(
    frame: Frame, sample: SMOTDataSample
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gt = sample.gt_trajectories
    rows = gt.frame_ids == frame.frame_id
    boxes = fractions(gt.boxes[rows], frame.image_size)
    is_inside = (boxes[:, 2:] > 0).all(1)
    return boxes[is_inside], gt.labels[rows][is_inside], gt.ids[rows][is_inside]


def fractions(boxes: np.ndarray, size: Sequence[float]) -> np.ndarray:
    """(N, 4) boxes in pixels as cx, cy, w, h in fractions of an image, cut to it."""
    edges = (boxes / [*size, *size]).clip(0, 1)
    extent = edges[:, 2:] - edges[:, :2]
    return np.concatenate([edges[:, :2] + extent / 2, extent], axis=1)


def corners(boxes: Tensor) -> Tensor:
    """(..., 4) cx, cy, w, h as x1, y1, x2, y2."""
    centre, size = boxes.split(2, dim=-1)
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def batched_iou(boxes: Tensor, other_boxes: Tensor) -> Tensor:
    """(B, Q, N) IoU of every pair of (B, Q, 4) and (B, N, 4), both cx, cy, w, h."""
    rows, columns = corners(boxes)[:, :, None], corners(other_boxes)[:, None]
    low = torch.maximum(rows[..., :2], columns[..., :2])
    high = torch.minimum(rows[..., 2:], columns[..., 2:])
    intersection = (high - low).clamp(min=0).prod(-1)
    areas = boxes[..., 2:].prod(-1)[:, :, None] + other_boxes[..., 2:].prod(-1)[:, None]
    return intersection / (areas - intersection).clamp(min=1e-12)


def sine_embedding(values: Tensor, channels: int, temperature: float = 10000) -> Tensor:
    """Sine and cosine of numbers in 0..1 at ``channels`` frequencies (MOTRv2).

    Args:
        values: (..., k).
        channels: For each number, even.
        temperature: Of the frequencies.

    Returns:
        (..., k * channels): sine and cosine alternate, number after number.
    """
    powers = torch.arange(channels, device=values.device) // 2 * 2 / channels
    angles = values[..., None] * (2 * math.pi) / temperature**powers
    waves = torch.stack([angles[..., 0::2].sin(), angles[..., 1::2].cos()], dim=-1)
    return waves.flatten(-3)
