"""Bins of time, memory that does not grow, ids that change."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.kinematics.track_samples import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    TrackSamples,
    cut_sides,
    sample_hidden_shares,
    track_sample_dtype,
)
from tests.models.kinematics.people import fed, frames_of, walker


def samples_of(bin_number: int, *ids: int) -> np.ndarray:
    samples = np.zeros(len(ids), track_sample_dtype(3))
    samples['id'], samples['bin'], samples['time'] = ids, bin_number, bin_number / 8
    return samples


def test_long_tracks_keep_every_second_bin() -> None:
    table = TrackSamples(track_sample_dtype(3), 16)
    for number in range(100):
        table.add(samples_of(number, 1, *([2] if number >= 90 else [])))
    first, second = table.of([1]), table.of([2])
    assert first['bin'].tolist() == list(range(0, 100, 8))
    assert second['bin'].tolist() == list(range(90, 100))
    assert table.ids == [1, 2]


def test_merged_tracks_keep_one_sample_a_bin() -> None:
    table = TrackSamples(track_sample_dtype(3), 16)
    for number in range(6):
        table.add(samples_of(number, *([7] if number < 4 else []), 9))
    table.rename({9: 7})
    assert table.of([7])['bin'].tolist() == [0, 1, 2, 3, 4, 5]
    assert table.ids == [7]
    table.forget([7])
    assert (table.ids, len(table.table())) == ([], 0)


def test_sides_and_hidden_shares() -> None:
    boxes = np.array(
        [
            [0.0, 50, 40, 120],
            [200, 0, 240, 80],
            [600, 100, 640, 360],
            [100, 90, 140, 190],
        ]
    )
    assert cut_sides(boxes, (640, 360)).tolist() == [LEFT, TOP, RIGHT | BOTTOM, 0]
    nearer = np.array([[100.0, 100, 140, 200], [120, 100, 160, 220]])
    assert sample_hidden_shares(nearer) == pytest.approx([0.5, 0])


def test_who_came_near() -> None:
    table = TrackSamples(track_sample_dtype(3), 16)
    for number in range(8):
        samples = samples_of(number, 1, 2, 3, *([4] if number > 5 else []))
        samples['box'][:3] = [[0, 0, 10, 30], [50, 0, 60, 30], [100, 0, 110, 30]]
        samples['box'][2] -= [10 * number, 0, 10 * number, 0]
        samples['box'][3:] = [0, 60, 10, 90]
        table.add(samples)
    assert table.near_ids(1, 1.0) == {3}  # in the end 30 pixels away
    assert table.near_ids(1, 2.0) == {2, 3, 4}
    assert table.near_ids(4, 2.5) == {1, 3}
    assert table.near_ids(9, 2.0) == set()


def test_bins_average_their_frames() -> None:
    _, buffer = fed(frames_of([walker(100, (2, 1.0))], fps=40, seconds=2))
    samples = buffer.of([1])
    assert samples['bin'].tolist() == list(range(16))
    assert samples['first_frame'].tolist() == list(range(1, 81, 5))
    assert samples['last_frame'].tolist() == list(range(5, 81, 5))
    middle = samples['box'][:, [0, 2]].mean(axis=1)
    np.testing.assert_allclose(middle, 100 + 100 * samples['time'], atol=1e-9)


def test_the_open_bin_is_seen_and_can_be_forgotten() -> None:
    steps = frames_of([walker(100, (2, 0)), walker(400, (2, 0))], fps=40, seconds=1.05)
    _, buffer = fed(steps)
    assert buffer.of([1])['bin'].tolist() == list(range(9))
    buffer.forget([1])
    assert buffer.ids == [2]
    assert len(buffer.of([1])) == 0
    assert buffer.of([2])['bin'].tolist() == list(range(9))
    buffer.rename({2: 5})
    assert buffer.ids == [5]
    assert buffer.of([5])['bin'].tolist() == list(range(9))
    buffer.forget([5])
    assert (buffer.ids, buffer.samples.ids) == ([], [])


def test_memory_follows_what_is_alive() -> None:
    """A hundred people one after another, each forgotten when gone."""
    people = [walker(100, (1.0, 0), begin=1.0 * row) for row in range(100)]
    sizes = []
    semantics, buffer = fed([])
    for frame, tracks in frames_of(people, seconds=100):
        semantics.update(buffer, None, [frame], [tracks])
        gone = [i for i in buffer.ids if i not in tracks.ids]
        if gone:
            semantics.generate(buffer, caption_ids=gone, summarize=True)
            buffer.forget(gone)
        sizes.append(len(buffer.samples.table()))
    assert max(sizes) <= 20
    assert len(buffer.crowd._first) <= 2
