"""The table of trajectories: checks, views, filling and smoothing."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import (
    CoordinateSpace,
    Tracks,
    Trajectories,
    interpolate_linearly,
    smooth_gaussian,
)


def table(frame_ids: list[int], ids: list[int], **extra) -> Trajectories:
    x1 = 10.0 * np.arange(len(ids))
    boxes = np.column_stack([x1, x1, x1 + 5, x1 + 8])
    return Trajectories(frame_ids, ids, boxes, **extra)


def test_rows_are_sorted_by_frame_and_defaults_filled() -> None:
    trajectories = table([3, 1, 1], [1, 1, 2])
    assert trajectories.frame_ids.tolist() == [1, 1, 3]
    assert trajectories.ids.tolist() == [1, 2, 1]
    assert trajectories.boxes[:, 0].tolist() == [10, 20, 0]
    assert trajectories.scores.tolist() == [1, 1, 1]
    assert trajectories.det_index.tolist() == [-1, -1, -1]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match='id 4 stands twice in frame 2'):
        table([1, 2, 2], [4, 4, 4])
    with pytest.raises(ValueError, match='count from 1'):
        table([0], [1])
    with pytest.raises(ValueError, match='2 boxes but 1 scores'):
        table([1, 2], [1, 1], scores=[0.5])
    with pytest.raises(ValueError, match='empty or inverted'):
        Trajectories([1], [1], [[5, 5, 1, 9]])


def test_views() -> None:
    trajectories = table([1, 1, 2, 3], [2, 1, 1, 2])
    by_id = trajectories.by_id()
    assert list(by_id) == [1, 2]
    assert by_id[2].frame_ids.tolist() == [1, 3]
    by_frame = trajectories.by_frame()
    assert {f: t.ids.tolist() for f, t in by_frame.items()} == {
        1: [2, 1],
        2: [1],
        3: [2],
    }
    assert Trajectories.empty().by_id() == {}


def test_from_tracks_leaves_out_boxes_that_vanished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.trajectories.print_log',
        lambda text, **_: messages.append(text),
    )
    boxes = [[0.0, 0, 5, 5], [9, 9, 9, 12], [0, 0, np.nan, 4], [0, 0, 1e160, 4]]
    boxes += [[0, 0, 1e-170, 4], [0, 0, np.inf, 4]]
    ids = np.arange(1, 7)
    tracks = Tracks(ids, np.array(boxes), 0.1 * ids, ids * 0, ids * 0 - 1)
    trajectories = Trajectories.from_tracks([7, 8], [tracks, Tracks.empty()])
    assert (trajectories.frame_ids.tolist(), trajectories.ids.tolist()) == ([7], [1])
    assert [text.split(' boxes')[0] for text in messages] == ['5 of 6 tracked']


def test_spaces_do_not_mix() -> None:
    big = table([1], [1], space=CoordinateSpace('original', 1920, 1080))
    small = big.rescaled(CoordinateSpace('network', 960, 540))
    np.testing.assert_allclose(small.boxes, big.boxes / 2)
    with pytest.raises(ValueError, match='measured in original pixels'):
        big.concatenated(small)
    unknown = table([2], [1])
    assert len(big.concatenated(unknown)) == 2  # an unknown size agrees with any
    with pytest.raises(ValueError, match='size is not known'):
        unknown.rescaled(CoordinateSpace('network', 960, 540))


def test_linear_interpolation_by_hand() -> None:
    boxes = [[0, 0, 4, 4], [8, 4, 12, 12], [0, 0, 1, 1], [9, 9, 10, 10]]
    tracked = Trajectories([1, 5, 1, 30], [1, 1, 2, 2], boxes, scores=[1, 0.5, 1, 1])
    filled = interpolate_linearly(tracked, max_gap=20)
    assert len(filled) == 4 + 3  # the second trajectory's gap is 28 frames
    track = filled.by_id()[1]
    assert track.frame_ids.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(track.boxes[2], [4, 2, 8, 8])
    np.testing.assert_allclose(track.scores, [1, 0.875, 0.75, 0.625, 0.5])
    assert track.det_index.tolist() == [-1] * 5
    assert interpolate_linearly(tracked, max_gap=2) is tracked


def test_a_gap_of_exactly_max_gap_is_filled() -> None:
    tracked = Trajectories(
        [1, 5], [1, 1], [[0, 0, 4, 4]] * 2
    )  # three frames are missed
    assert len(interpolate_linearly(tracked, max_gap=3)) == 5
    assert len(interpolate_linearly(tracked, max_gap=2)) == 2


def test_only_frames_that_were_looked_at_are_filled() -> None:
    """Frames 1, 3, 5, 9 of a video read with stride 2; 7 was never there."""
    boxes = [[0, 0, 4, 4], [16, 0, 20, 8]]
    tracked = Trajectories([1, 9], [1, 1], boxes, scores=[0.2, 1])
    filled = interpolate_linearly(tracked, frame_ids=np.array([1, 3, 5, 9]))
    assert filled.frame_ids.tolist() == [1, 3, 5, 9]
    np.testing.assert_allclose(filled.boxes[1], [4, 0, 8, 5])
    np.testing.assert_allclose(filled.scores, [0.2, 0.4, 0.6, 1])
    unchanged = interpolate_linearly(tracked, frame_ids=np.array([1, 9]))
    np.testing.assert_array_equal(unchanged.boxes, tracked.boxes)


def test_gaussian_smoothing_by_the_formula() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(1, 41)
    line = np.column_stack([5.0 * time, 3.0 * time, 5.0 * time + 40, 3.0 * time + 90])
    noisy = line + rng.normal(0, 2, line.shape)
    tracked = Trajectories(time, np.ones(40, int), noisy)
    smooth = smooth_gaussian(tracked, tau=10, noise=2.0).boxes
    scale = np.clip(10 * np.log(10**3 / 40), 0.1, 100)
    kernel = np.exp(-0.5 * ((time[:, None] - time) / scale) ** 2)
    for c in range(4):
        mean = np.polyval(np.polyfit(time, noisy[:, c], 1), time)
        residual = noisy[:, c] - mean
        prior = residual.var() * kernel
        expected = mean + prior @ np.linalg.solve(prior + 4 * np.eye(40), residual)
        np.testing.assert_allclose(smooth[:, c], expected, atol=1e-6)
    assert np.abs(smooth - line).mean() < 0.3 * np.abs(noisy - line).mean()


def test_steady_motion_stays_however_short_the_trajectory() -> None:
    for frames in ([4], [1, 2], [2, 3, 7]):
        x1 = 9.0 * np.array(frames)
        boxes = np.column_stack([x1, 2 * x1, x1 + 5, 2 * x1 + 8])
        tracked = Trajectories(frames, [1] * len(frames), boxes)
        np.testing.assert_allclose(smooth_gaussian(tracked).boxes, boxes, atol=1e-9)


def test_a_box_whose_smoothed_corners_cross_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Someone one pixel wide behind a post, who steps out and is 150 pixels wide."""
    messages: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.interpolation.print_log',
        lambda text, **_: messages.append(text),
    )
    time = np.arange(1, 61)
    half_size = np.where(time < 50, 1.0, 150.0) / 2
    boxes = np.column_stack(
        [100 - half_size, 0 * time, 100 + half_size, 0 * time + 160]
    )
    smooth = smooth_gaussian(Trajectories(time, time * 0, boxes)).boxes
    assert (smooth[:, 2] > smooth[:, 0]).all()
    num_crossed = int((smooth == boxes).all(axis=1).sum())
    assert 0 < num_crossed < 50
    assert messages == [
        f'{num_crossed} of 60 boxes would be empty when smoothed; left as they were'
    ]


def test_smoothing_leaves_a_still_box_and_other_columns_alone() -> None:
    tracked = Trajectories(
        [1, 2, 3], [1, 1, 1], [[0, 0, 5, 5]] * 3, scores=[0.1, 0.2, 1]
    )
    smooth = smooth_gaussian(tracked)
    np.testing.assert_allclose(smooth.boxes, tracked.boxes, atol=1e-9)
    assert smooth.scores.tolist() == [0.1, 0.2, 1]


def test_every_gap_of_a_trajectory_is_filled_with_its_own_columns() -> None:
    """Gaps of one, two and three frames."""
    network = CoordinateSpace('network', 640, 384)
    lefts = np.array([0.0, 4, 7, 11, 100, 104])
    tracked = Trajectories(
        [1, 3, 6, 10, 2, 4],
        [5, 5, 5, 5, 8, 8],
        np.stack([lefts, 0 * lefts, lefts + 9, 0 * lefts + 9], axis=1),
        labels=[4, 4, 4, 4, 7, 7],
        visibility=[1.0, 0.5, 0.5, 1.0, 1.0, 0.0],
        det_index=[3] * 6,
        space=network,
    )
    filled = interpolate_linearly(tracked)
    assert filled.space == network
    boxes_of_5 = filled.by_id()[5]
    assert boxes_of_5.frame_ids.tolist() == [*range(1, 11)]
    np.testing.assert_allclose(boxes_of_5.boxes[:, 0], [0, 2, 4, 5, 6, 7, 8, 9, 10, 11])
    assert boxes_of_5.labels.tolist() == [4] * 10
    assert boxes_of_5.visibility.tolist() == [
        1,
        0.75,
        0.5,
        0.5,
        0.5,
        0.5,
        0.625,
        0.75,
        0.875,
        1,
    ]
    assert boxes_of_5.det_index.tolist() == [3, -1, 3, -1, -1, 3, -1, -1, -1, 3]
    assert filled.by_id()[8].boxes[:, 0].tolist() == [100, 102, 104]


def test_a_gap_of_20_frames_is_filled_by_default_and_no_longer_one() -> None:
    for last_frame, rows in ((22, 22), (23, 2)):
        tracked = Trajectories([1, last_frame], [1, 1], [[0, 0, 4, 4]] * 2)
        assert len(interpolate_linearly(tracked)) == rows


def test_smoothing_has_the_papers_scale_and_a_pixel_of_noise_by_default() -> None:
    rng = np.random.default_rng(0)
    boxes = np.array([0.0, 0, 40, 90]) + rng.normal(0, 2, (30, 4))
    tracked = Trajectories(np.arange(1, 31), np.ones(30, int), boxes)
    plain = smooth_gaussian(tracked).boxes
    np.testing.assert_array_equal(
        plain, smooth_gaussian(tracked, tau=10, noise=1).boxes
    )
    for options in (dict(tau=11), dict(noise=2)):
        assert np.abs(plain - smooth_gaussian(tracked, **options).boxes).max() > 1e-3


def test_nobody_keeps_the_space() -> None:
    network = CoordinateSpace('network', 640, 384)
    assert Trajectories.empty(network).space == network
    assert Trajectories.empty().boxes.shape == (0, 4)
    assert Trajectories.from_tracks([], [], network).space == network
    track = Tracks(*(np.array(c) for c in ([1], [[0.0, 0, 5, 5]], [0.5], [0], [-1])))
    assert Trajectories.from_tracks([3], [track], network).space == network
