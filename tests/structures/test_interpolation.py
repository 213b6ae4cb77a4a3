"""Gaussian smoothing in windows, and gaps between classes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mmsmot.structures import Trajectories, interpolate_linearly, smooth_gaussian


def published(frames: np.ndarray, boxes: np.ndarray, scale: float) -> np.ndarray:
    """One regression over all boxes (l, 4) with a length scale, 1 pixel of noise."""
    kernel = np.exp(-0.5 * ((frames[:, None] - frames) / scale) ** 2)
    smooth = np.empty_like(boxes)
    for c in range(4):
        mean = np.polyval(np.polyfit(frames, boxes[:, c], 1), frames)
        prior = (boxes[:, c] - mean).var() * kernel
        gain = np.linalg.solve(prior + np.eye(len(frames)), boxes[:, c] - mean)
        smooth[:, c] = mean + prior @ gain
    return smooth


def walk(length: int) -> tuple[np.ndarray, np.ndarray]:
    """A box (length, 4) that sways, and the same with 1 pixel of noise."""
    t = np.arange(length)
    x = 3.0 * t + 150 * np.sin(t / 70)
    true = np.stack([x, 0.4 * x + 9, x + 50, 0.4 * x + 160], axis=1)
    return true, true + np.random.default_rng(length).normal(0, 1, true.shape)


def smoothed(boxes: np.ndarray, **arguments) -> np.ndarray:
    frames = np.arange(1, len(boxes) + 1)
    table = Trajectories(frames, np.ones(len(boxes), int), boxes)
    return smooth_gaussian(table, **arguments).boxes


def rms(error: np.ndarray) -> float:
    return float(np.sqrt((error**2).mean()))


@pytest.mark.parametrize('length', [2, 200, 368])
def test_up_to_a_window_it_is_the_published_formula(length: int) -> None:
    _, noisy = walk(length)
    scale = np.clip(10 * np.log(1000 / length), 0.1, 100)
    frames = np.arange(1.0, length + 1)
    np.testing.assert_allclose(
        smoothed(noisy), published(frames, noisy, scale), atol=1e-4
    )
    np.testing.assert_array_equal(smoothed(noisy), smoothed(noisy, window=None))


def test_a_long_trajectory_is_smoothed_as_one_with_the_windows_scale() -> None:
    true, noisy = walk(900)
    scale = 10 * np.log(1000 / 368)
    assert scale == pytest.approx(10, abs=0.01)
    expected = published(np.arange(1.0, 901), noisy, scale)
    difference = smoothed(noisy) - expected
    assert rms(difference) < 0.1
    assert np.abs(difference).max() < 1
    assert rms(smoothed(noisy) - true) < 0.42 < 0.9 < rms(noisy - true)


def test_the_published_formula_is_an_option_and_fades_out_at_tau_cubed() -> None:
    true, noisy = walk(990)
    as_published = smoothed(noisy, window=None)
    scale = np.clip(10 * np.log(1000 / 990), 0.1, 100)
    expected = published(np.arange(1.0, 991), noisy, scale)
    np.testing.assert_allclose(as_published, expected, atol=1e-4)
    assert rms(as_published - true) > 0.95 > 0.42 > rms(smoothed(noisy) - true)


def test_the_time_grows_with_the_length_alone() -> None:
    _, noisy = walk(8000)
    start = time.process_time()
    smoothed(noisy)
    assert time.process_time() - start < 5  # at once it takes minutes


@pytest.mark.parametrize('window', [1, 2, 3, 7])
def test_small_windows_cover_every_box_once(window: int) -> None:
    line = np.arange(20.0)[:, None] * [1, 2, 1, 2] + [0, 0, 9, 9]
    np.testing.assert_allclose(smoothed(line, window=window), line, atol=1e-9)


def test_frames_with_holes_go_by_their_own_times() -> None:
    _, noisy = walk(60)
    frames = np.r_[1:31, 101:131]
    table = Trajectories(frames, np.ones(60, int), noisy)
    scale = 10 * np.log(1000 / 60)
    expected = published(frames.astype(float), noisy, scale)
    np.testing.assert_allclose(smooth_gaussian(table).boxes, expected, atol=1e-4)


def two_classes() -> Trajectories:
    """One id, from a tracker that does not look at classes: class 0, then class 2."""
    boxes = [[0, 0, 10, 10], [2, 0, 12, 10], [90, 0, 140, 10], [96, 0, 146, 10]]
    return Trajectories([1, 3, 5, 7], [1] * 4, boxes, labels=[0, 0, 2, 2])


def test_a_gap_between_two_classes_is_not_filled() -> None:
    filled = interpolate_linearly(two_classes())
    assert filled.frame_ids.tolist() == [1, 2, 3, 5, 6, 7]
    assert filled.labels.tolist() == [0, 0, 0, 2, 2, 2]


def test_two_classes_are_smoothed_by_themselves() -> None:
    two_labels = two_classes()
    smooth = smooth_gaussian(two_labels, noise=30.0).boxes
    for label in (0, 2):
        rows = two_labels.labels == label
        alone = smooth_gaussian(two_labels[rows], noise=30.0).boxes
        np.testing.assert_array_equal(smooth[rows], alone)
    one_label = smooth_gaussian(
        Trajectories(two_labels.frame_ids, two_labels.ids, two_labels.boxes), noise=30.0
    )
    assert np.abs(one_label.boxes - smooth).max() > 1


def test_a_class_that_comes_back_is_smoothed_apart_from_before() -> None:
    rng = np.random.default_rng(0)
    frames = np.arange(1, 61)
    labels = np.repeat([0, 1, 0], 20)
    corner = rng.normal(100, 3, (60, 2))
    boxes = np.concatenate([corner, corner + 50], axis=1)
    table = Trajectories(frames, np.ones(60, int), boxes, labels=labels)
    segments = [
        smooth_gaussian(table[rows]).boxes
        for rows in (slice(0, 20), slice(20, 40), slice(40, 60))
    ]
    np.testing.assert_array_equal(
        smooth_gaussian(table).boxes, np.concatenate(segments)
    )
