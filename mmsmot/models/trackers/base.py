"""The contract of the tracker slot."""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod
from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ...structures import (
    CoordinateSpace,
    Detections,
    Frame,
    Tracks,
    VideoInfo,
    valid_boxes,
)
from ...structures.columns import as_column
from ...utils.user_errors import is_for_users

OPTIONAL = ('features', 'camera_motion')
COLUMNS = tuple(part.name for part in fields(Tracks) if part.name not in OPTIONAL)
INTEGERS = ('ids', 'labels', 'det_index')


class TrackerError(TypeError):
    """A fault in the code of a tracker; no video is to blame for it."""


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
            frame: The frame itself: its number, its time, and its image, which is
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


def require_tracker_detections(detections: Detections, tracker: str) -> None:
    """Raise ``TypeError`` where a tracker is given something else."""
    if not isinstance(detections, Detections):
        raise TypeError(
            f'{tracker}.update takes mmsmot.structures.Detections, got '
            f'{type(detections).__name__}; Detections.empty() where there is none'
        )


def checked_tracker_update(
    tracker: BaseTracker, detections: Detections, frame: Frame
) -> Tracks:
    """``tracker.update``, and an error that names tracker and frame where it goes wrong.

    Returns:
        The tracks, with columns of the documented types and shapes.

    Raises:
        TypeError: It returned something else than :class:`~mmsmot.structures.Tracks`.
        TrackerError: It raised an error that is no message for users; names the line.
        ValueError: Its columns are not of one length or hold what is no id, box, score,
            label or row of the detections; or an id stands twice.
    """
    call = f'{type(tracker).__name__}.update, frame {frame.frame_id}'
    try:
        tracks = tracker.update(detections, frame)
    except Exception as error:
        # One that calls itself without end names neither its tracker nor the frame.
        if not isinstance(error, RecursionError) and (
            is_for_users(error)
            or isinstance(error, NotImplementedError)
            or _is_out_of_memory(error)
        ):
            raise
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise TrackerError(
            f'{call}: {type(error).__name__} at {line.filename}:{line.lineno}: {error}'
        ) from error
    return checked_tracker_output(tracks, detections, call)


def _is_out_of_memory(error: Exception) -> bool:
    """Also torch's own errors, which this file does not import."""
    is_torch = type(error).__name__ == 'OutOfMemoryError'
    is_memory = isinstance(error, RuntimeError) and 'memory' in str(error)
    return is_torch or is_memory or isinstance(error, MemoryError)


def checked_tracker_output(tracks: Tracks, detections: Detections, call: str) -> Tracks:
    """The tracks of a frame with columns of the documented types and shapes.

    Boxes without area, or larger than any image, are left out, which is logged once for
    each part: the Kalman state of a coasted track may shrink to nothing.

    Args:
        tracks: What a part returned.
        detections: What ``det_index`` may point to.
        call: Which part and frame, for the messages.

    Raises:
        TypeError: It is something else than :class:`~mmsmot.structures.Tracks`.
        ValueError: Columns are not of one length or hold what is no id, box, score, label
            or row of the detections; or an id stands twice.
    """
    if not isinstance(tracks, Tracks):
        raise TypeError(
            f'{call}: must return mmsmot.structures.Tracks('
            f'{", ".join(COLUMNS)}), got {type(tracks).__name__}'
        )
    tracks = _with_sound_columns(tracks, call)
    _require_sound(tracks, len(detections), call)
    _require_scores(tracks, detections, call)
    is_box = valid_boxes(tracks.boxes)
    if is_box.all():
        return tracks
    _log_dropped_boxes(call.partition(',')[0])
    return tracks[is_box]


@lru_cache(maxsize=64)
def _log_dropped_boxes(part: str) -> None:
    print_log(
        f'{part}: tracked boxes that have no area or are larger than any image are left '
        'out',
        logger='current',
        level=logging.WARNING,
    )


def _with_sound_columns(tracks: Tracks, call: str) -> Tracks:
    """The same with integers and floats where they belong, and boxes (N, 4)."""
    columns = {
        name: _array(getattr(tracks, name), f'{call}: {name}') for name in COLUMNS
    }
    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) > 1:
        raise ValueError(f'{call}: the columns of Tracks differ in length: {lengths}')
    rows = lengths['ids']
    for name, column in columns.items():
        shape = (rows, 4) if name == 'boxes' else (rows,)
        if column.shape != shape and column.size:
            raise ValueError(f'{call}: {name} must be {shape}, got {column.shape}')
        dtype = np.int64 if name in INTEGERS else np.float64
        flat = as_column(column, column.size, dtype, name, call)
        columns[name] = flat.reshape(shape)
    if tracks.features is not None and len(tracks.features) != rows:
        raise ValueError(f'{call}: {rows} ids but {len(tracks.features)} features')
    optional = {name: getattr(tracks, name) for name in OPTIONAL}
    return Tracks(**columns, **optional)


def _array(column: Any, name: str) -> np.ndarray:
    """As an array with an axis."""
    try:
        array = np.asarray(column)
    except (TypeError, ValueError):  # rows of different lengths, or on a GPU
        array = np.array(None)
    if not array.ndim:
        raise ValueError(f'{name} must be an array of numbers, got {column!r:.100}')
    return array


def _require_sound(tracks: Tracks, num_detections: int, call: str) -> None:
    if not len(tracks):
        return
    ids = np.sort(tracks.ids)
    if ids[0] < 0:
        raise ValueError(f'{call}: ids count from 1, got {ids[0]}')
    repeated_ids = ids[1:][ids[1:] == ids[:-1]]
    if len(repeated_ids):
        raise ValueError(
            f'{call}: ids must be unique in a frame, but id {repeated_ids[0]} stands '
            f'{(ids == repeated_ids[0]).sum()} times'
        )
    lowest, highest = tracks.det_index.min(), tracks.det_index.max()
    if lowest < -1 or highest >= num_detections:
        raise ValueError(
            f'{call}: det_index is a row of the {num_detections} detections, or -1 for '
            f'none, got {lowest if lowest < -1 else highest}'
        )
    if tracks.labels.min() < -1:
        raise ValueError(
            f'{call}: labels count from 0, or are -1 for none, got {tracks.labels.min()}'
        )


def _require_scores(tracks: Tracks, detections: Detections, call: str) -> None:
    """Scores are from 0 to 1, or the detector's where that has others."""
    matched = tracks.det_index >= 0
    scores = tracks.scores[matched]
    det_scores = detections.scores[tracks.det_index[matched]]
    out_of_range = scores > np.maximum(det_scores, 1)
    out_of_range |= scores < np.minimum(det_scores, 0)
    if out_of_range.any():
        raise ValueError(
            f'{call}: a score must be from 0 to 1, got {scores[out_of_range][0]:g} for a '
            f'track whose detection has {det_scores[out_of_range][0]:g}'
        )
