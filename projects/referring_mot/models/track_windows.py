"""The last frames of every live track of a video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


def window_stride(stride: int, fps: float | None, video_fps: float) -> int:
    """Frames from one of a window to the next, in a video of a frame rate.

    Args:
        stride: At ``fps`` frames a second.
        fps: ``None``: frames are counted, whatever the rate.
        video_fps: The video's frames a second.
    """
    return stride if fps is None else max(1, round(stride * video_fps / fps))


def window_span(window: int, stride: int) -> int:
    """Frames from the first of a window's to its last, both counted."""
    return (window - 1) * stride + 1


class TrackWindows:
    """A ring of frames for each track that is alive, as one table.

    Time and memory of a frame follow the number of live tracks. A track without a box in
    the whole span is forgotten.

    Args:
        window: W, frames of a window.
        stride: Frames from one of them to the next.

    Attributes:
        ids: (M,) of the tracks, in the order of the table's rows.
    """

    def __init__(self, window: int, stride: int) -> None:
        self.stride = stride
        self.span = window_span(window, stride)
        self.ids = np.empty(0, np.int64)
        self._features: torch.Tensor | None = None  # (M, span, S, C)
        self._boxes = torch.empty(0, self.span, 4)
        self._mask = torch.empty(0, self.span, dtype=torch.bool)

    def __len__(self) -> int:
        return len(self.ids)

    def push(
        self, ids: np.ndarray, features: torch.Tensor, boxes: torch.Tensor
    ) -> None:
        """Take the tracks of the next frame.

        Args:
            ids: (N,) unique.
            features: (N, S, C).
            boxes: (N, 4).
        """
        new_ids = np.setdiff1d(ids, self.ids)
        all_ids = np.concatenate([self.ids, new_ids])
        if self._features is None:
            self._features = features.new_zeros(0, self.span, *features.shape[1:])
        stored = (self._features, self._boxes.to(boxes), self._mask.to(boxes.device))
        tables = [
            torch.cat([table, table.new_zeros(len(new_ids), *table.shape[1:])])
            for table in stored
        ]
        tables = [
            torch.cat([table[:, 1:], torch.zeros_like(table[:, :1])], dim=1)
            for table in tables
        ]
        rows = torch.from_numpy(_rows_of(ids, all_ids)).to(boxes.device)
        for table, values in zip(
            tables,
            (features, boxes, torch.ones_like(rows, dtype=torch.bool)),
            strict=True,
        ):
            table[rows, -1] = values.to(table.dtype)
        is_live = tables[2].any(dim=1)
        self._features, self._boxes, self._mask = (table[is_live] for table in tables)
        self.ids = all_ids[is_live.cpu().numpy()]

    def forget(self, ids: Sequence[int]) -> None:
        """Drop the tracks that ended."""
        is_live = ~np.isin(self.ids, np.asarray([*ids], np.int64))
        if self._features is None or is_live.all():
            return
        rows = torch.from_numpy(np.flatnonzero(is_live)).to(self._boxes.device)
        self.ids = self.ids[is_live]
        self._features = self._features[rows]
        self._boxes, self._mask = self._boxes[rows], self._mask[rows]

    def of(self, ids: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The windows of N tracks that were pushed, which end with the last frame.

        Returns:
            Features (N, W, S, C), boxes (N, W, 4) and the mask (N, W) of the frames in
            which there is one.
        """
        assert self._features is not None
        rows = torch.from_numpy(_rows_of(ids, self.ids)).to(self._boxes.device)
        tables = self._features, self._boxes, self._mask
        features, boxes, mask = (table[rows][:, :: self.stride] for table in tables)
        return features, boxes, mask


def _rows_of(ids: np.ndarray, all_ids: np.ndarray) -> np.ndarray:
    """(N,) where each id stands in ``all_ids``, which has it."""
    order = np.argsort(all_ids, kind='stable')
    return order[np.searchsorted(all_ids, ids, sorter=order)]
