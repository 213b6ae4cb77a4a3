"""What is kept of a video that is to be put into words."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..fusion.video_fusion import VideoState
from ..trajectory import TrajectoryTokens
from .track_summaries import TrackSummaries


class TokenBuffer:
    """The fused video feature so far, and the tokens of each trajectory so far.

    Of a long trajectory only ``max_boxes`` to twice as many boxes are kept: whenever
    there are more, every second one goes, and from then on only every second new one is
    taken. So the memory grows with the number of trajectories, not with their length.

    Args:
        max_boxes: See above; ``None`` keeps all.

    Attributes:
        video: The fused feature of the frames so far.
        summaries: Of tracks that were described, for after they are forgotten.
        next_frame: The least frame number that is to be looked at next.
    """

    def __init__(self, max_boxes: int | None = None) -> None:
        self.video = VideoState()
        self.summaries = TrackSummaries()
        self.next_frame = 0
        self.max_boxes = max_boxes
        self._columns: dict[str, list[torch.Tensor]] = {}
        self._stride: dict[int, int] = {}
        self._seen: dict[int, int] = {}
        self._kept: dict[int, int] = {}
        self._met: dict[int, set[int]] = {}  # who shared a frame with whom, and itself

    @property
    def ids(self) -> list[int]:
        """Ids of the trajectories, ascending."""
        return sorted(self._seen)

    def wanted(self, ids: Sequence[int]) -> list[bool]:
        """Which of a frame's boxes are to be kept; counts them all as seen.

        Args:
            ids: Of the boxes.
        """
        keep = []
        for track_id in ids:
            seen = self._seen.get(track_id, 0)
            self._seen[track_id] = seen + 1
            self._met.setdefault(track_id, set()).update(ids)
            keep.append(seen % self._stride.get(track_id, 1) == 0)
        return keep

    def add(
        self,
        ids: torch.Tensor,
        tokens: torch.Tensor,
        times: torch.Tensor,
        boxes: torch.Tensor,
        frame_ids: torch.Tensor,
    ) -> None:
        """Keep R boxes that :meth:`wanted` wanted, in the order of time.

        Args:
            ids: (R,) int64.
            tokens: (R, K, d).
            times: (R,) float64 seconds.
            boxes: (R, 4) as fractions of the picture.
            frame_ids: (R,) int64.
        """
        rows = dict(
            ids=ids, tokens=tokens, times=times, boxes=boxes, frame_ids=frame_ids
        )
        for name, column in rows.items():
            self._columns.setdefault(name, []).append(column)
        for track_id in ids.tolist():
            self._kept[track_id] = self._kept.get(track_id, 0) + 1
        if self.max_boxes is not None:
            most = 2 * self.max_boxes
            if full := [i for i in set(ids.tolist()) if self._kept[i] > most]:
                self._thin(full)

    def forget(self, ids: Sequence[int]) -> None:
        """Drop trajectories that have been put into words."""
        table = self._table()
        if table:
            gone = torch.tensor(list(ids), dtype=torch.int64)
            self._keep(~torch.isin(table['ids'].cpu(), gone))
        for track_id in ids:
            for facts in (self._stride, self._seen, self._kept):
                facts.pop(track_id, None)
            for other in self._met.pop(track_id, ()):
                self._met.get(other, set()).discard(track_id)

    def trajectories(
        self, ids: Sequence[int], max_boxes: int | None = None
    ) -> TrajectoryTokens | None:
        """The tokens of these trajectories, ``None`` where nothing was ever added.

        Args:
            ids: Of trajectories that are there.
            max_boxes: Of each; ``None``: that of the memory.
        """
        table = self._table()
        if not table:
            return None
        own = table['ids'].cpu()
        wanted = torch.tensor(list(ids), dtype=torch.int64)
        rows = torch.isin(own, wanted)
        place = torch.searchsorted(wanted.sort().values, own[rows])
        track = wanted.argsort()[place].to(table['tokens'].device)
        columns = (table[name][rows] for name in ('tokens', 'times', 'boxes'))
        return TrajectoryTokens.grouped(
            track,
            *columns,
            len(wanted),
            max_boxes or self.max_boxes,
            table['frame_ids'][rows],
            self._met_among(ids).to(track.device),
        )

    def rename(self, names: dict[int, int]) -> None:
        """Give trajectories other ids; two with the same new id become one."""
        table = self._table()
        if table:
            ids = [names.get(i, i) for i in table['ids'].tolist()]
            self._columns['ids'] = [torch.tensor(ids, dtype=torch.int64)]
        seen, kept, stride, met = self._seen, self._kept, self._stride, self._met
        self._seen, self._kept, self._stride, self._met = {}, {}, {}, {}
        for old in seen:
            new = names.get(old, old)
            self._seen[new] = self._seen.get(new, 0) + seen[old]
            self._kept[new] = self._kept.get(new, 0) + kept.get(old, 0)
            self._stride[new] = max(self._stride.get(new, 1), stride.get(old, 1))
            others = {names.get(other, other) for other in met[old]}
            self._met.setdefault(new, set()).update(others)

    def _met_among(self, ids: Sequence[int]) -> torch.Tensor:
        """(M, M) bool of M trajectories: who shared a frame with whom."""
        place = {track_id: row for row, track_id in enumerate(ids)}
        met = torch.zeros(len(place), len(place), dtype=torch.bool)
        for track_id, row in place.items():
            others = self._met[track_id] & place.keys()
            met[row, [place[other] for other in others]] = True
        return met.fill_diagonal_(False)

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
        """Let every second box of these trajectories go."""
        own = self._table()['ids'].cpu()
        order = own.argsort(stable=True)
        grouped = own[order]
        place = torch.empty_like(own)  # of a box in its trajectory
        place[order] = torch.arange(len(own)) - torch.searchsorted(grouped, grouped)
        self._keep(~torch.isin(own, torch.tensor(ids)) | (place % 2 == 0))
        for track_id in ids:
            self._kept[track_id] = (self._kept[track_id] + 1) // 2
            self._stride[track_id] = 2 * self._stride.get(track_id, 1)
