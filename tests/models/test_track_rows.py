"""Recorded tracks against a table that is made at once."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from mmsmot.models.track_rows import CHUNK, TrackRows
from mmsmot.structures import CoordinateSpace, Tracks, Trajectories
from tests.models.scripted import make_frames

SPACE = CoordinateSpace(width=640, height=360)


def random_tracks(random: np.random.Generator, exact: bool) -> Tracks:
    """Up to 12 tracks with numbers of all sizes."""
    ids = random.choice([1, 2, 100, 200, 40_000, 2**40], random.integers(0, 6), False)
    corners = random.uniform(0, 300, (len(ids), 2))
    boxes = np.concatenate([corners, corners + random.uniform(1, 50, (len(ids), 2))], 1)
    scores = random.random(len(ids))
    if not exact:  # as of a detector in 32 bits
        boxes, scores = boxes.astype(np.float32), scores.astype(np.float32)
    labels = random.integers(0, 80, len(ids))
    det_index = random.integers(-1, 300, len(ids))
    features = np.zeros((len(ids), 4, 256), np.float32)
    return Tracks(ids, boxes, scores, labels, det_index, features)


@pytest.mark.parametrize('exact', [False, True])
def test_the_rows_are_those_of_a_table_made_at_once(exact: bool) -> None:
    random = np.random.default_rng(0)
    frames = make_frames(1, 3 * CHUNK + 5)
    tracks = [random_tracks(random, exact) for _ in frames]
    rows = TrackRows(SPACE)
    for start in range(0, len(frames), 8):
        rows.add(frames[start : start + 8], tracks[start : start + 8])
        if start == 400:
            rows.table()  # asked for on the way
    frame_ids = [frame.frame_id for frame in frames]
    expected, table = Trajectories.from_tracks(frame_ids, tracks, SPACE), rows.table()
    for part in fields(Trajectories):
        column = getattr(table, part.name)
        if part.name == 'space':
            assert column == SPACE
        else:
            assert column.dtype == getattr(expected, part.name).dtype
            np.testing.assert_array_equal(column, getattr(expected, part.name))


def test_room_of_a_row() -> None:
    """32 bytes of a box and 2 each of frame and id; what is the same throughout, none."""
    frames, rows = make_frames(1, 2 * CHUNK), TrackRows(SPACE)
    corners = np.random.default_rng(0).uniform(0, 300, (len(frames), 20, 2))
    ids, ones = np.arange(201, 221), np.ones(20)
    for frame, xy in zip(frames, corners, strict=True):
        boxes = np.concatenate([xy, xy + 10], axis=1)
        rows.add([frame], [Tracks(ids, boxes, ones, ids * 0, ids * 0 - 1)])
    columns = [column for chunk in rows._chunks for column in chunk.values()]
    num_bytes = sum((c if c.base is None else c.base).nbytes for c in columns)
    assert num_bytes / len(rows.table()) == pytest.approx(36, abs=0.1)


def test_no_tracks() -> None:
    rows = TrackRows(SPACE)
    assert len(rows.table()) == 0
    rows.add(make_frames(1, 2), [Tracks.empty()] * 2)
    assert len(rows.table()) == 0
    assert rows.table().space == SPACE
