"""Tokens t^ of trajectories, padded to one batch."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch


@dataclass(frozen=True, eq=False)
class TrajectoryTokens:
    """M trajectories of up to N boxes, each box K tokens t^ of d numbers.

    A trajectory's boxes stand first in its row, by time; the rest is padding.

    Attributes:
        tokens: (M, N, K, d).
        times: (M, N) float64, seconds since the start of the video.
        boxes: (M, N, 4) x1, y1, x2, y2 as fractions of the image's width and height.
        mask: (M, N) bool, false for padding.
        frame_ids: (M, N) int64 original frame numbers; ``None``: not known.
        shares_frame: (M, M) bool, symmetric, which trajectories have boxes in one frame
            that is taken in, boxes that were thinned out included; none with itself.
    """

    tokens: torch.Tensor
    times: torch.Tensor
    boxes: torch.Tensor
    mask: torch.Tensor
    frame_ids: torch.Tensor | None = None
    shares_frame: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def grouped(
        cls,
        track: torch.Tensor,
        tokens: torch.Tensor,
        times: torch.Tensor,
        boxes: torch.Tensor,
        num_tracks: int,
        max_boxes: int | None = None,
        frame_ids: torch.Tensor | None = None,
        shares_frame: torch.Tensor | None = None,
    ) -> TrajectoryTokens:
        """Group a table of boxes by trajectory.

        Args:
            track: (R,) int64, the trajectory of each box, 0 to ``num_tracks`` - 1.
            tokens: (R, K, d).
            times: (R,) float64 seconds.
            boxes: (R, 4).
            num_tracks: M.
            max_boxes: Longer trajectories keep this many boxes, evenly spaced over their
                length, first and last included; ``None`` keeps all.
            frame_ids: (R,) int64.
            shares_frame: (M, M); ``None``: those with a box at the same of the ``times``.
        """
        if shares_frame is None:
            shares_frame = _frame_sharing(track, times, num_tracks)
        order = _by_track_and_time(track, times)
        track = track[order]
        count, place = _places(track, num_tracks)
        if max_boxes is not None and len(track):
            keep = _evenly(place, count[track], max_boxes)
            order, track = order[keep], track[keep]
            count, place = _places(track, num_tracks)
        longest = int(count.max()) if num_tracks else 0
        columns = dict(tokens=tokens, times=times, boxes=boxes, frame_ids=frame_ids)
        return cls(
            mask=torch.arange(longest, device=track.device) < count[:, None],
            shares_frame=shares_frame,
            **{
                name: _scattered(column[order], track, place, num_tracks, longest)
                for name, column in columns.items()
                if column is not None
            },
        )

    def co_occurrence_mask(self, videos: torch.Tensor) -> torch.Tensor:
        """Trajectories of one video that share a frame: (M, M) bool, symmetric.

        Args:
            videos: (M,) int64, the video of each.

        Raises:
            ValueError: These are pieces of trajectories (:meth:`parts`).
        """
        if self.shares_frame is None:
            raise ValueError('TrajectoryTokens: which share a frame is not known')
        return self.shares_frame & (videos[:, None] == videos)

    def parts(self, rows: torch.Tensor, box_mask: torch.Tensor) -> TrajectoryTokens:
        """Pieces of these trajectories.

        Args:
            rows: (P,) int64, the trajectory of each piece.
            box_mask: (P, N) bool, which of its boxes.
        """
        box_mask = box_mask & self.mask[rows]
        longest = int(box_mask.sum(1).max()) if len(rows) else 0
        order = (~box_mask).int().argsort(dim=1, stable=True)[:, :longest]
        columns = {
            field.name: getattr(self, field.name)[rows[:, None], order]
            for field in fields(self)
            if field.name not in ('mask', 'shares_frame')
            and getattr(self, field.name) is not None
        }
        return TrajectoryTokens(mask=box_mask.gather(1, order), **columns)


def _frame_sharing(
    track: torch.Tensor, times: torch.Tensor, num_tracks: int
) -> torch.Tensor:
    stamps, frame = times.unique(return_inverse=True)
    present = times.new_zeros(num_tracks, len(stamps), dtype=torch.float32)
    present[track, frame] = 1
    return (present @ present.T > 0).fill_diagonal_(False)


def _by_track_and_time(track: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
    by_time = torch.argsort(times, stable=True)
    return by_time[torch.argsort(track[by_time], stable=True)]


def _places(track: torch.Tensor, num_tracks: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(num_tracks,) boxes of each trajectory, and (R,) the place of each box in its own.

    Args:
        track: (R,) the trajectory of each box, ascending.
        num_tracks: Number of trajectories.
    """
    count = torch.bincount(track, minlength=num_tracks)
    start = count.cumsum(0) - count
    return count, torch.arange(len(track), device=track.device) - start[track]


def _evenly(place: torch.Tensor, count: torch.Tensor, limit: int) -> torch.Tensor:
    """True for ``min(count, limit)`` places spread evenly over 0 ... count - 1."""
    if limit == 1:
        return place == 0
    # Place p is kept if one of the limit marks k (count - 1) / (limit - 1) rounds to it.
    step = ((count - 1).double() / (limit - 1)).clamp(min=1e-9)
    mark = torch.round(place / step).clamp(0, limit - 1)
    return (count <= limit) | (torch.round(mark * step).long() == place)


def _scattered(
    column: torch.Tensor,
    track: torch.Tensor,
    place: torch.Tensor,
    num_tracks: int,
    longest: int,
) -> torch.Tensor:
    padded = column.new_zeros(num_tracks, longest, *column.shape[1:])
    return padded.index_put((track, place), column)
