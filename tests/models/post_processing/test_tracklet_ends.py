"""What of a tracklet the link network sees, and which pairs it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.post_processing.tracklet_ends import (
    TrackletEnds,
    normalize_end_pairs,
)
from mmsmot.structures import Trajectories


def tracklet(
    track_id: int, frames: range | list[int], left: float, top: float = 50, label=0
) -> Trajectories:
    """A person who does not move."""
    n = len(frames)
    return Trajectories(
        list(frames),
        [track_id] * n,
        [[left, top, left + 10, top + 30]] * n,
        labels=[label] * n,
    )


def ends_of(*tracklets: Trajectories, fill: str = 'zeros') -> TrackletEnds:
    table = tracklets[0]
    for more in tracklets[1:]:
        table = table.concatenated(more)
    return TrackletEnds.of(table, fill)


def pairs(ends: TrackletEnds, max_gap: int = 30, max_distance: float = 75) -> list:
    former, later = ends.candidates(max_gap, max_distance)
    return sorted(zip(ends.ids[former].tolist(), ends.ids[later].tolist(), strict=True))


def test_short_tracklets_are_filled_with_zeros() -> None:
    ends = ends_of(tracklet(9, range(5, 8), 1, 2), tracklet(4, range(1, 41), 3))
    assert ends.ids.tolist() == [4, 9]
    np.testing.assert_allclose(ends.tails[1, 27:], [[5, 1, 2], [6, 1, 2], [7, 1, 2]])
    np.testing.assert_allclose(ends.heads[1, :3], ends.tails[1, 27:])
    assert not ends.tails[1, :27].any() and not ends.heads[1, 3:].any()
    assert ends.tails[0, :, 0].tolist() == list(range(11, 41))
    assert ends.heads[0, :, 0].tolist() == list(range(1, 31))
    assert ends.first[:, 0].tolist() == [1, 5] and ends.last[:, 0].tolist() == [40, 7]


def test_or_with_their_outermost_row() -> None:
    short, long = tracklet(9, range(5, 8), 1, 2), tracklet(4, range(1, 41), 3)
    ends, filled = ends_of(short, long), ends_of(short, long, fill='edge')
    np.testing.assert_array_equal(filled.tails[0], ends.tails[0])
    np.testing.assert_array_equal(filled.heads[0], ends.heads[0])
    assert filled.tails[1, :, 0].tolist() == [5] * 28 + [6, 7]
    assert filled.heads[1, :, 0].tolist() == [5, 6] + [7] * 28
    assert (filled.tails[1, :, 1:] == [1, 2]).all()
    with pytest.raises(ValueError, match="one of 'edge', 'zeros', got 'mirror'"):
        ends_of(short, fill='mirror')


def test_gate_in_time() -> None:
    """From the frame behind the last one on, and fewer than 30 frames behind it."""
    one = tracklet(1, range(1, 11), 100)
    for start, found in ((10, []), (11, [(1, 2)]), (39, [(1, 2)]), (40, [])):
        later = tracklet(2, range(start, start + 5), 100)
        assert pairs(ends_of(one, later)) == found, start
    assert pairs(ends_of(one, tracklet(2, range(12, 14), 100)), max_gap=2) == []


def test_gate_in_space() -> None:
    """Left top corners 75 pixels apart are near enough, (45, 60) for one."""
    one = tracklet(1, range(1, 11), 100)
    assert pairs(ends_of(one, tracklet(2, range(12, 20), 145, 110))) == [(1, 2)]
    assert pairs(ends_of(one, tracklet(2, range(12, 20), 145, 110.1))) == []


def test_a_person_is_not_linked_to_a_car() -> None:
    one, car = tracklet(1, range(1, 11), 100), tracklet(2, range(12, 20), 100, label=2)
    assert pairs(ends_of(one, car)) == []


def test_all_pairs_as_by_two_loops() -> None:
    rng = np.random.default_rng(3)
    tracklets = []
    for i in range(60):
        start = int(rng.integers(1, 120))
        frames = range(start, start + int(rng.integers(1, 50)))
        left, top = rng.uniform(0, 200, 2)
        tracklets.append(tracklet(i + 1, frames, left, top, int(rng.integers(2))))
    expected = [
        (int(a.ids[0]), int(b.ids[0]))
        for a in tracklets
        for b in tracklets
        if 0 < b.frame_ids[0] - a.frame_ids[-1] < 30
        and np.hypot(*(b.boxes[0, :2] - a.boxes[-1, :2])) <= 75
        and a.labels[0] == b.labels[0]
    ]
    assert len(expected) > 50
    assert pairs(ends_of(*tracklets)) == sorted(expected)


def test_of_nothing() -> None:
    ends = TrackletEnds.of(Trajectories.empty(), 'edge')
    assert len(ends) == 0 and ends.tails.shape == (0, 30, 3)
    assert pairs(ends) == []


def test_pairs_are_scaled_by_their_extremes_zeros_included() -> None:
    ends = ends_of(tracklet(1, range(11, 51), 200), tracklet(2, [60, 61, 80], 100, 150))
    former, later = normalize_end_pairs(ends.tails[:1], ends.heads[1:])
    assert former.dtype == later.dtype == np.float32
    # Frames 0 (filled) to 80, left 0 (filled) to 200, top 0 (filled) to 150.
    np.testing.assert_allclose(former[0, -1], [0.25, 1, -1 / 3], atol=1e-5)
    np.testing.assert_allclose(later[0, 2], [1, 0, 1], atol=1e-5)
    np.testing.assert_allclose(later[0, 3], [-1, -1, -1], atol=1e-5)


def test_scaled_as_mmdet_scales() -> None:
    pytest.importorskip('mmdet', reason='needs mmdet')
    from mmsmot.utils.mmdet_bridge import import_mmdet

    import_mmdet()
    from mmdet.models.task_modules.tracking import AppearanceFreeLink

    rng = np.random.default_rng(5)
    peer = AppearanceFreeLink(checkpoint=None)
    for lengths in ((40, 7), (3, 30), (1, 1)):
        frames = [10 + np.arange(lengths[0]), 70 + np.arange(lengths[1])]
        corner = [rng.uniform(-5, 900, (n, 2)) for n in lengths]
        ours = ends_of(
            *(
                Trajectories(f, np.full(len(f), i), np.column_stack([c, c + 20]))
                for i, (f, c) in enumerate(zip(frames, corner, strict=True))
            )
        )
        found = normalize_end_pairs(ours.tails[:1], ours.heads[1:])
        rows = (np.column_stack(pair) for pair in zip(frames, corner, strict=True))
        for mine, theirs in zip(found, peer.data_transform(*rows), strict=True):
            np.testing.assert_allclose(mine[0], theirs, atol=1e-6)
