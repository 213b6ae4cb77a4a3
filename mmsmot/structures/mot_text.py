"""MOTChallenge text: ``frame,id,left,top,width,height,score,class,visibility``.

The format of MOT15 to MOT20 ``gt.txt``, ``det.txt`` and result files (https://motchallenge.net):
comma or blank separated, frames and ids from 1, id -1 in detections, boxes in pixels.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..utils.atomic import atomic_write
from .boxes import valid_boxes, xywh_to_xyxy, xyxy_to_xywh
from .coordinate_space import ORIGINAL, CoordinateSpace
from .detections import Detections
from .trajectories import Trajectories

MIN_COLUMNS = 6


def read_mot_rows(path: str | os.PathLike) -> np.ndarray:
    """Read any MOTChallenge text.

    A byte-order mark, Windows line ends, blank lines, spaces around the commas and rows
    of different length (short ones are filled with -1, MOTChallenge's "not given") are
    all fine.

    Args:
        path: The file.

    Returns:
        (R, C >= 6) float64, rows in the file's order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not a row of numbers; names the file and the line.
    """
    text = Path(path).read_text(encoding='utf-8-sig')
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.replace(',', ' ').split()
        if not fields:
            continue
        try:
            rows.append([float(value) for value in fields])
        except ValueError:
            raise ValueError(
                f'{path}:{number}: expected numbers '
                f'"frame,id,left,top,width,height,...", got {line.strip()[:80]!r}'
            ) from None
        if len(fields) < MIN_COLUMNS:
            raise ValueError(
                f'{path}:{number}: expected at least {MIN_COLUMNS} columns '
                f'"frame,id,left,top,width,height", got {len(fields)}: {line.strip()[:80]!r}'
            )
    if not rows:
        return np.empty((0, MIN_COLUMNS))
    columns = max(map(len, rows))
    return np.array([row + [-1.0] * (columns - len(row)) for row in rows])


def read_trajectories(
    path: str | os.PathLike,
    space: CoordinateSpace = ORIGINAL,
    strict: bool = False,
) -> Trajectories:
    """Read a ground truth or a tracker's result.

    Repairs, each logged with its count: rows whose box is not finite or has no area,
    and rows with a frame number below 1, are dropped; of rows with the same frame and
    id the first stays. A score of -1 ("not given") becomes 1. An eighth column with
    fractions is no class but MOT15's world coordinate: then labels and visibility are
    not given.

    Args:
        path: MOTChallenge text.
        space: The picture its boxes are measured in.
        strict: Raise instead of repairing.

    Raises:
        ValueError: A malformed line; with ``strict`` also any of the above.
    """
    rows = read_mot_rows(path)
    rows = _drop(rows, ~_has_box(rows), 'without a proper box', path, strict)
    rows = _drop(rows, ~(rows[:, 0] >= 1), 'with a frame number below 1', path, strict)
    rows = _drop(rows, ~(rows[:, 1] >= 0), 'without an id', path, strict)
    rows = _drop(rows, _repeats(rows), 'with a (frame, id) seen before', path, strict)
    extra = {}
    if rows.shape[1] > 6:
        extra['scores'] = np.where(rows[:, 6] == -1, 1.0, rows[:, 6])
    # MOT15 has world coordinates where later years have class and visibility.
    is_mot15 = rows.shape[1] > 7 and (rows[:, 7] % 1 != 0).any()
    if rows.shape[1] > 7 and not is_mot15:
        extra['labels'] = rows[:, 7]
    if rows.shape[1] > 8 and not is_mot15:
        extra['visibility'] = np.where(rows[:, 8] == -1, 1.0, rows[:, 8])
    return Trajectories(
        rows[:, 0], rows[:, 1], xywh_to_xyxy(rows[:, 2:6]), space=space, **extra
    )


def read_detections(
    path: str | os.PathLike, strict: bool = False
) -> dict[int, Detections]:
    """Read a ``det.txt``: the detections of each frame that has some.

    Rows may stand in any order; inside a frame the file's order stays. Rows without a
    proper box are dropped and counted in the log (``strict``: ``ValueError``).
    """
    rows = read_mot_rows(path)
    rows = _drop(rows, ~_has_box(rows), 'without a proper box', path, strict)
    rows = rows[np.argsort(rows[:, 0], kind='stable')]
    boxes = xywh_to_xyxy(rows[:, 2:6])
    scores = rows[:, 6] if rows.shape[1] > 6 else np.ones(len(rows))
    frame_ids, starts = np.unique(rows[:, 0].astype(np.int64), return_index=True)
    ends = np.append(starts, len(rows))[1:]
    return {
        int(f): Detections(boxes[a:b], scores[a:b])
        for f, a, b in zip(frame_ids, starts, ends, strict=True)
    }


def write_trajectories(trajectories: Trajectories, path: str | os.PathLike) -> None:
    """Write a MOTChallenge result file, atomically.

    Coordinates keep 3 decimals, scores 6; MOTChallenge's tools want ten columns, of
    which the last three (x, y, z) are -1.
    """
    table = np.column_stack(
        [
            trajectories.frame_ids,
            trajectories.ids,
            xyxy_to_xywh(trajectories.boxes),
            trajectories.scores,
        ]
    )
    line = '%d,%d,%.3f,%.3f,%.3f,%.3f,%.6f,-1,-1,-1'
    with atomic_write(path) as stream:
        stream.writelines(line % tuple(row) + '\n' for row in table.tolist())


def _has_box(rows: np.ndarray) -> np.ndarray:
    return valid_boxes(xywh_to_xyxy(rows[:, 2:6])) & np.isfinite(rows).all(axis=1)


def _repeats(rows: np.ndarray) -> np.ndarray:
    """(R,) mask of the rows whose (frame, id) stands in an earlier row."""
    _, first = np.unique(rows[:, :2], axis=0, return_index=True)
    mask = np.ones(len(rows), bool)
    mask[first] = False
    return mask


def _drop(
    rows: np.ndarray, bad: np.ndarray, what: str, path: str | os.PathLike, strict: bool
) -> np.ndarray:
    if not bad.any():
        return rows
    first = rows[np.flatnonzero(bad)[0], :MIN_COLUMNS].tolist()
    message = f'{path}: {int(bad.sum())} of {len(rows)} rows {what}, first: {first}'
    if strict:
        raise ValueError(message)
    print_log(f'{message}; dropped', logger='current', level=30)
    return rows[~bad]
