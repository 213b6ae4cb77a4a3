"""The table of trajectories: what flows from the trackers to everything behind them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

import numpy as np
from mmengine.logging import print_log

from .boxes import as_boxes, require_valid_boxes, valid_boxes
from .columns import as_column, default_column, is_column_given
from .coordinate_space import ORIGINAL, CoordinateSpace
from .tracks import Tracks


@dataclass(frozen=True, eq=False)
class Trajectories:
    """All trajectories of one video as a table, a row for each box.

    Rows are sorted by frame and keep the order given inside a frame. Predictions, ground
    truth and tracks read from a file are the same table, so whatever stands behind the
    tracker cannot tell them apart.

    Attributes:
        frame_ids: (R,) int64, original frame numbers, from 1.
        ids: (R,) int64, unique in a frame.
        boxes: (R, 4) float64, x1, y1, x2, y2 in pixels of ``space``.
        scores: (R,) float64; in ground truth 1 to consider the box, 0 to ignore it.
        labels: (R,) int64; for MOTChallenge the class column as it stands in the file.
        det_index: (R,) int64, the row of that frame's detections the box was taken
            from, -1 for none.
        visibility: (R,) float64, the visible fraction of the box.
        space: The image the boxes are measured in.

    ``scores``, ``labels``, ``det_index`` and ``visibility`` may be left out: then 1, 0,
    -1 and 1 stand there.

    Raises:
        ValueError: A box is not finite or inverted, a value is no number of its kind
            (ids are whole), a number is not positive, or a (frame, id) stands twice.
    """

    frame_ids: np.ndarray
    ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray = field(default_factory=default_column)
    labels: np.ndarray = field(default_factory=default_column)
    det_index: np.ndarray = field(default_factory=default_column)
    visibility: np.ndarray = field(default_factory=default_column)
    space: CoordinateSpace = field(default=ORIGINAL)

    _DEFAULTS = {'scores': 1.0, 'labels': 0, 'det_index': -1, 'visibility': 1.0}

    def __post_init__(self) -> None:
        boxes = as_boxes(self.boxes, 'Trajectories')
        columns = {'boxes': boxes}
        for name in ('frame_ids', 'ids', 'labels', 'det_index'):
            columns[name] = self._column(name, len(boxes), np.int64)
        for name in ('scores', 'visibility'):
            columns[name] = self._column(name, len(boxes), np.float64)
        frame_ids, ids = columns['frame_ids'], columns['ids']
        if len(ids) and (frame_ids.min() < 1 or ids.min() < 0):
            raise ValueError(
                'Trajectories: frame numbers count from 1 and ids from 0, got a smallest '
                f'frame {frame_ids.min()} and id {ids.min()}'
            )
        require_valid_boxes(boxes, 'Trajectories')
        self._require_unique(frame_ids, ids)
        if (np.diff(frame_ids) < 0).any():
            order = np.argsort(frame_ids, kind='stable')
            columns = {name: column[order] for name, column in columns.items()}
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    def _column(self, name: str, rows: int, dtype: type) -> np.ndarray:
        value = getattr(self, name)
        if name in self._DEFAULTS and not is_column_given(value):
            return np.full(rows, self._DEFAULTS[name], dtype)
        return as_column(value, rows, dtype, name, 'Trajectories')

    @staticmethod
    def _require_unique(frame_ids: np.ndarray, ids: np.ndarray) -> None:
        order = np.lexsort((ids, frame_ids))
        f, i = frame_ids[order], ids[order]
        twice = np.flatnonzero((f[1:] == f[:-1]) & (i[1:] == i[:-1]))
        if len(twice):
            raise ValueError(
                f'Trajectories: id {i[twice[0]]} stands twice in frame {f[twice[0]]} '
                f'({len(twice)} such rows)'
            )

    @classmethod
    def _names(cls) -> list[str]:
        """The columns."""
        return [part.name for part in fields(cls) if part.name != 'space']

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f'Trajectories({len(np.unique(self.ids))} trajectories, {len(self)} boxes, '
            f'{len(np.unique(self.frame_ids))} frames, {self.space})'
        )

    @classmethod
    def empty(cls, space: CoordinateSpace = ORIGINAL) -> Trajectories:
        """No trajectory."""
        return cls(np.empty(0, int), np.empty(0, int), np.empty((0, 4)), space=space)

    @classmethod
    def from_tracks(
        cls,
        frame_ids: Iterable[int],
        tracks: Iterable[Tracks],
        space: CoordinateSpace = ORIGINAL,
    ) -> Trajectories:
        """What a tracker reported over a video, one ``Tracks`` for each frame number.

        Boxes that are none any more (a coasted track's Kalman state may shrink to
        nothing, or grow without end) are left out, which is counted in the log.
        """
        frame_ids, tracks = list(frame_ids), list(tracks)
        if not tracks:
            return cls.empty(space)
        boxes = np.concatenate([t.boxes for t in tracks])
        is_box = valid_boxes(boxes)
        if not is_box.all():
            print_log(
                f'{int((~is_box).sum())} of {len(boxes)} tracked boxes shrank to nothing '
                'or grew beyond any image; left out',
                logger='current',
                level=logging.INFO,
            )
        numbers = np.repeat(frame_ids, [len(t) for t in tracks])
        columns = {
            name: np.concatenate([getattr(t, name) for t in tracks])[is_box]
            for name in ('ids', 'scores', 'labels', 'det_index')
        }
        return cls(numbers[is_box], boxes=boxes[is_box], space=space, **columns)

    def __getitem__(self, rows: np.ndarray | slice) -> Trajectories:
        """The rows of a mask, an index array or a slice."""
        return replace(self, **{n: getattr(self, n)[rows] for n in self._names()})

    def by_id(self) -> dict[int, Trajectories]:
        """One table for each trajectory, ids ascending, its boxes in frame order."""
        order = np.argsort(self.ids, kind='stable')
        return self._split(order, self.ids[order])

    def by_frame(self) -> dict[int, Trajectories]:
        """One table for each frame that has a box, frames ascending."""
        return self._split(np.arange(len(self)), self.frame_ids)

    def _split(self, order: np.ndarray, keys: np.ndarray) -> dict[int, Trajectories]:
        values, starts = np.unique(keys, return_index=True)
        groups = np.split(order, starts[1:]) if len(values) else []
        return {int(v): self[rows] for v, rows in zip(values, groups, strict=True)}

    def rescaled(self, space: CoordinateSpace) -> Trajectories:
        """The same boxes measured in another image; both sizes must be known."""
        width, height = self.space.width, self.space.height
        if None in (width, height, space.width, space.height):
            raise ValueError(
                f'cannot rescale from {self.space} to {space}: a size is not known'
            )
        assert width and height and space.width and space.height
        sx, sy = space.width / width, space.height / height
        return replace(self, boxes=self.boxes * [sx, sy, sx, sy], space=space)

    def concatenated(self, *tables: Trajectories) -> Trajectories:
        """The rows of all; they must be measured in the same space."""
        for table in tables:
            self.space.require(table.space, 'join trajectories')
        columns = {
            name: np.concatenate([getattr(table, name) for table in (self, *tables)])
            for name in self._names()
        }
        return Trajectories(**columns, space=self.space)
