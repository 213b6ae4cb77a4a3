"""Tokens of the live tracks of one video, and its fused frame features."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..fusion.video_fusion import VideoFusionState
from ..trajectory import TrajectoryTokens
from .track_summaries import TrackSummaries


class TokenBuffer:
    """The fused video feature F~ and the tokens t^ of each trajectory so far.

    Of a long trajectory only ``max_boxes`` to twice as many boxes are kept: whenever
    there are more, every second one is dropped, and from then on only every second new
    one is taken. So the memory grows with the number of trajectories, not with their length.

    Args:
        max_boxes: See above; ``None`` keeps all.

    Attributes:
        video: The fused feature of the frames so far.
        summaries: Of tracks with a caption, for after they are forgotten.
        next_frame: The least frame number that is taken in next.
    """

    def __init__(self, max_boxes: int | None = None) -> None:
        self.video = VideoFusionState()
        self.summaries = TrackSummaries()
        self.next_frame = 0
        self.max_boxes = max_boxes
        self._columns: dict[str, list[torch.Tensor]] = {}
        self._stride: dict[int, int] = {}
        self._num_offered: dict[int, int] = {}
        self._num_boxes: dict[int, int] = {}
        # By id the ids that it shares a frame with, itself included.
        self._shares_frame: dict[int, set[int]] = {}
        self._last_ids: set[int] = set()  # of the last frame; their pairs are in there

    @property
    def ids(self) -> list[int]:
        """Ids of the trajectories, ascending."""
        return sorted(self._num_offered)

    def select(self, ids: Sequence[int]) -> list[bool]:
        """Which of a frame's boxes to :meth:`add`; counts all of them.

        Args:
            ids: Of the boxes.
        """
        self._add_pairs({*ids})
        keep = []
        for track_id in ids:
            count = self._num_offered.get(track_id, 0)
            self._num_offered[track_id] = count + 1
            keep.append(count % self._stride.get(track_id, 1) == 0)
        return keep

    def _add_pairs(self, ids: set[int]) -> None:
        """Note the pairs of a frame's tracks that were not in the last frame too."""
        new_ids = ids - self._last_ids
        if new_ids:
            for track_id in ids - new_ids:
                self._shares_frame[track_id] |= new_ids
            for track_id in new_ids:
                self._shares_frame.setdefault(track_id, set()).update(ids)
        self._last_ids = ids

    def add(
        self,
        ids: torch.Tensor,
        tokens: torch.Tensor,
        times: torch.Tensor,
        boxes: torch.Tensor,
        frame_ids: torch.Tensor,
    ) -> None:
        """Add R boxes that :meth:`select` selected, in the order of time.

        Args:
            ids: (R,) int64.
            tokens: (R, K, d).
            times: (R,) float64 seconds.
            boxes: (R, 4) as fractions of the image.
            frame_ids: (R,) int64.
        """
        rows = dict(
            ids=ids, tokens=tokens, times=times, boxes=boxes, frame_ids=frame_ids
        )
        for name, column in rows.items():
            self._columns.setdefault(name, []).append(column)
        for track_id in ids.tolist():
            self._num_boxes[track_id] = self._num_boxes.get(track_id, 0) + 1
        if self.max_boxes is not None:
            limit = 2 * self.max_boxes
            if full := [i for i in set(ids.tolist()) if self._num_boxes[i] > limit]:
                self._thin(full)

    def forget(self, ids: Sequence[int]) -> None:
        """Drop trajectories whose captions have been generated."""
        table = self._table()
        if table:
            dropped_ids = torch.tensor(list(ids), dtype=torch.int64)
            self._keep(~torch.isin(table['ids'].cpu(), dropped_ids))
        for track_id in ids:
            for counts in (self._stride, self._num_offered, self._num_boxes):
                counts.pop(track_id, None)
            for partner_id in self._shares_frame.pop(track_id, ()):
                self._shares_frame.get(partner_id, set()).discard(track_id)
        self._last_ids = self._last_ids.difference(ids)

    def trajectories(
        self, ids: Sequence[int], max_boxes: int | None = None
    ) -> TrajectoryTokens | None:
        """The tokens of these trajectories, ``None`` where nothing was ever added.

        Args:
            ids: Of trajectories in the buffer.
            max_boxes: Of each; ``None``: that of the buffer.
        """
        table = self._table()
        if not table:
            return None
        row_ids = table['ids'].cpu()
        track_ids = torch.tensor(list(ids), dtype=torch.int64)
        rows = torch.isin(row_ids, track_ids)
        place = torch.searchsorted(track_ids.sort().values, row_ids[rows])
        track = track_ids.argsort()[place].to(table['tokens'].device)
        return TrajectoryTokens.grouped(
            track,
            table['tokens'][rows],
            table['times'][rows],
            table['boxes'][rows],
            len(track_ids),
            max_boxes or self.max_boxes,
            table['frame_ids'][rows],
            self._frame_sharing(ids).to(track.device),
        )

    def rename(self, names: dict[int, int]) -> None:
        """Give trajectories other ids; two with the same new id become one."""
        table = self._table()
        if table:
            ids = [names.get(i, i) for i in table['ids'].tolist()]
            self._columns['ids'] = [torch.tensor(ids, dtype=torch.int64)]
        num_offered, num_boxes = self._num_offered, self._num_boxes
        stride, shares_frame = self._stride, self._shares_frame
        self._num_offered, self._num_boxes, self._stride = {}, {}, {}
        self._shares_frame = {}
        for old in num_offered:
            new = names.get(old, old)
            self._num_offered[new] = self._num_offered.get(new, 0) + num_offered[old]
            self._num_boxes[new] = self._num_boxes.get(new, 0) + num_boxes.get(old, 0)
            self._stride[new] = max(self._stride.get(new, 1), stride.get(old, 1))
            partner_ids = {names.get(i, i) for i in shares_frame[old]}
            self._shares_frame.setdefault(new, set()).update(partner_ids)
        self._last_ids = {names.get(i, i) for i in self._last_ids}

    def _frame_sharing(self, ids: Sequence[int]) -> torch.Tensor:
        """(M, M) bool of M trajectories: those that share a frame, nobody with itself."""
        place = {track_id: row for row, track_id in enumerate(ids)}
        shares_frame = torch.zeros(len(place), len(place), dtype=torch.bool)
        for track_id, row in place.items():
            partner_ids = self._shares_frame[track_id] & place.keys()
            shares_frame[row, [place[i] for i in partner_ids]] = True
        return shares_frame.fill_diagonal_(False)

    def _table(self) -> dict[str, torch.Tensor]:
        for name, parts in self._columns.items():
            if len(parts) > 1:
                self._columns[name] = [torch.cat(parts)]
        return {name: parts[0] for name, parts in self._columns.items()}

    def _keep(self, rows: torch.Tensor) -> None:
        self._columns = {
            name: [column[rows.to(column.device)]]
            for name, column in self._table().items()
        }

    def _thin(self, ids: Sequence[int]) -> None:
        """Drop every second box of these trajectories."""
        row_ids = self._table()['ids'].cpu()
        order = row_ids.argsort(stable=True)
        grouped = row_ids[order]
        place = torch.empty_like(row_ids)  # of a box in its trajectory
        place[order] = torch.arange(len(grouped)) - torch.searchsorted(grouped, grouped)
        self._keep(~torch.isin(row_ids, torch.tensor(ids)) | (place % 2 == 0))
        for track_id in ids:
            self._num_boxes[track_id] = (self._num_boxes[track_id] + 1) // 2
            self._stride[track_id] = 2 * self._stride.get(track_id, 1)
