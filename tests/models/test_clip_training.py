from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.clip_training import ClipTraining, rows_of
from tests.models.test_semantics import sample


def test_detection_frames_are_neighbours() -> None:
    np.random.seed(0)
    detected, kept = ClipTraining(detection_frames=3).draw_frames(8)
    assert np.diff(detected).tolist() == [1, 1]
    assert kept == list(range(8))
    assert ClipTraining().draw_frames(4)[0] == [0, 1, 2, 3]
    assert ClipTraining(detection_frames=9).draw_frames(4)[0] == [0, 1, 2, 3]
    assert ClipTraining(detection_frames=0).draw_frames(4)[0] == []
    assert rows_of([1, 2], num_clips=2) == [2, 3, 4, 5]


def test_detection_is_among_the_frames_with_a_way_back() -> None:
    np.random.seed(0)
    how = ClipTraining(detection_frames=2, gradient_frames=4)
    seen = set()
    for _ in range(100):
        detected, kept = how.draw_frames(9)
        assert len(set(detected)) == 2
        assert len(set(kept)) == 4
        assert set(detected) <= set(kept)
        seen |= set(detected)
    assert seen == set(range(9))
    with pytest.raises(ValueError, match='more than gradient_frames=4'):
        ClipTraining(detection_frames=5, gradient_frames=4).draw_frames(9)


def test_share_of_true_tracks() -> None:
    np.random.seed(0)
    assert not any(ClipTraining().draws_true_tracks() for _ in range(50))
    assert all(ClipTraining(true_tracks=1.0).draws_true_tracks() for _ in range(50))
    half = ClipTraining(true_tracks=0.5)
    assert 400 < sum(half.draws_true_tracks() for _ in range(1000)) < 600


def test_true_boxes_stand_about_where_a_detectors_would() -> None:
    np.random.seed(0)
    truth = sample(ids=tuple(range(1, 9)), count=200).gt_trajectories
    assert ClipTraining().with_box_noise(truth) is truth
    noisy = ClipTraining(box_noise=0.05).with_box_noise(truth)
    size, new = (t.boxes[:, 2:] - t.boxes[:, :2] for t in (truth, noisy))
    moved = (noisy.boxes - truth.boxes).reshape(-1, 2, 2).mean(1) / size
    for error in (moved, np.log(new / size)):
        np.testing.assert_allclose(
            error.std(0), 0.05 * 0.88, rtol=0.1
        )  # cut at 2 sigma
        np.testing.assert_allclose(error.mean(0), 0, atol=0.005)
        assert np.abs(error).max() <= 0.1 + 1e-9
    assert noisy.frame_ids.tolist() == truth.frame_ids.tolist()
