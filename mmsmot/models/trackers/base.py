"""The contract of the tracker slot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields

import numpy as np

from ...structures import CoordinateSpace, Detections, Frame, Tracks, VideoInfo
from ...structures.columns import LAST_WHOLE
from ...utils.command_line import is_for_users

COLUMNS = tuple(part.name for part in fields(Tracks) if part.name != 'features')
INTEGERS = ('ids', 'labels', 'det_index')


class BaseTracker(ABC):
    """Turns the detections of one frame after another into tracks.

    A tracker is NumPy: no tensor and no network inside. Appearance comes in as
    ``detections.embeddings``. The state of all tracks lives in arrays with one row a
    track; predict, IoU, gating and update run on all of them at once.

    Ids start at 1 for each tracker instance and again after ``reset()``.

    Attributes:
        space: The pixels that its boxes are measured in; ``None``: those of the
            detections that it is given.
    """

    space: CoordinateSpace | None = None

    @abstractmethod
    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        """Take the next frame. Call it on every frame, also on those without detections.

        Args:
            detections: The frame's N detections.
            frame: The frame itself: its number, its time, and its picture, which is
                decoded only when the tracker looks at ``frame.image``. The pipeline
                always gives it; most trackers do without.

        Returns:
            The tracks to report in this frame. ``det_index`` points into *this* call's
            detections.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everything: the next ``update`` is the first frame of a new video."""

    def live_ids(self) -> np.ndarray | None:
        """Ids of all tracks that may still be reported, (N,) int64.

        Whoever is reported once and is not in it has ended: it can be described and
        forgotten. ``None`` where a tracker does not tell; then a track ends with the video.
        """
        return None

    def fingerprint_of(self, video: VideoInfo) -> str:
        """Names the files outside of the video that its tracks depend on, if any.

        What the config and the sources say need not be in it.
        """
        return ''


def require_detections(detections: Detections, tracker: str) -> None:
    """Raise ``TypeError`` where a tracker is given something else."""
    if not isinstance(detections, Detections):
        raise TypeError(
            f'{tracker}.update takes mmsmot.structures.Detections, got '
            f'{type(detections).__name__}; Detections.empty() where there is none'
        )


def update_checked(
    tracker: BaseTracker, detections: Detections, frame: Frame
) -> Tracks:
    """``tracker.update``, and an error that names tracker and frame where it goes wrong.

    Returns:
        The tracks, with columns of the documented types and shapes.

    Raises:
        TypeError: It returned something else than :class:`~mmsmot.structures.Tracks`.
        ValueError: It raised an error of its own that says nothing to users; or its
            columns are not of one length or hold what is no id, box, score, label or row
            of the detections; or an id stands twice.
    """
    where = f'{type(tracker).__name__}.update, frame {frame.frame_id}'
    try:
        tracks = tracker.update(detections, frame)
    except Exception as error:
        if is_for_users(error) or isinstance(error, NotImplementedError):
            raise
        raise ValueError(f'{where}: {type(error).__name__}: {error}') from error
    return checked_tracks(tracks, len(detections), where)


def checked_tracks(tracks: Tracks, num_detections: int, where: str) -> Tracks:
    """The tracks of a frame with columns of the documented types and shapes.

    Args:
        tracks: What a part of somebody else's returned.
        num_detections: How many detections ``det_index`` may point to.
        where: Which part and frame, for the messages.

    Raises:
        TypeError: It is something else than :class:`~mmsmot.structures.Tracks`.
        ValueError: Columns are not of one length or hold what is no id, box, score, label
            or row of the detections; or an id stands twice.
    """
    if not isinstance(tracks, Tracks):
        raise TypeError(
            f'{where}: must return mmsmot.structures.Tracks('
            f'{", ".join(COLUMNS)}), got {type(tracks).__name__}'
        )
    tracks = _with_sound_columns(tracks, where)
    _require_sound(tracks, num_detections, where)
    return tracks


def _with_sound_columns(tracks: Tracks, where: str) -> Tracks:
    """The same with integers and floats where they belong, and boxes (N, 4)."""
    columns = {
        name: _column(f'{where}: {name}', getattr(tracks, name), name in INTEGERS)
        for name in COLUMNS
    }
    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) > 1:
        raise ValueError(f'{where}: the columns of Tracks differ in length: {lengths}')
    for name, column in columns.items():
        shape = (len(column), 4) if name == 'boxes' else (len(column),)
        if not len(column):
            columns[name] = column.reshape(shape)
        elif column.shape != shape:
            raise ValueError(f'{where}: {name} must be {shape}, got {column.shape}')
    if tracks.features is not None and len(tracks.features) != lengths['ids']:
        raise ValueError(
            f'{where}: {lengths["ids"]} ids but {len(tracks.features)} features'
        )
    return Tracks(**columns, features=tracks.features)


def _column(what: str, values: np.ndarray, whole: bool) -> np.ndarray:
    """Values as (N, ...) int64 or float64, or a ``ValueError`` that says ``what``."""
    try:
        column = np.asarray(values)
    except (TypeError, ValueError):  # rows of different lengths, or on a GPU
        column = np.array(None)
    if column.ndim and not column.size:
        return column.astype(np.int64 if whole else np.float64)
    if not column.ndim or column.dtype.kind not in 'iuf':
        kind = 'whole numbers' if whole else 'numbers'
        raise ValueError(f'{what} must be an array of {kind}, got {values!r:.100}')
    if column.dtype.kind == 'f':
        is_sound = np.isfinite(column)
        if whole:
            is_sound &= (column == np.floor(column)) & (np.abs(column) <= LAST_WHOLE)
        if not is_sound.all():
            kind = 'whole numbers' if whole else 'finite numbers'
            raise ValueError(f'{what} must be {kind}, got {column[~is_sound][0]}')
    return column.astype(np.int64 if whole else np.float64, copy=False)


def _require_sound(tracks: Tracks, num_detections: int, where: str) -> None:
    if not len(tracks):
        return
    ids = np.sort(tracks.ids)
    if ids[0] < 0:
        raise ValueError(f'{where}: ids count from 1, got {ids[0]}')
    twice = ids[1:][ids[1:] == ids[:-1]]
    if len(twice):
        raise ValueError(
            f'{where}: ids must be unique in a frame, but id {twice[0]} stands '
            f'{(ids == twice[0]).sum()} times'
        )
    least, most = tracks.det_index.min(), tracks.det_index.max()
    if least < -1 or most >= num_detections:
        raise ValueError(
            f'{where}: det_index is a row of the {num_detections} detections, or -1 for '
            f'none, got {least if least < -1 else most}'
        )
