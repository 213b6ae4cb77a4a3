"""Matching whole trajectories, worked by hand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.structures import (
    CoordinateSpace,
    Trajectories,
    map_to_merged,
    match_official,
    match_trajectories,
    pairwise_iou,
    trajectory_iou,
)


def table(*rows: tuple[int, int, float]) -> Trajectories:
    """Rows of frame, id and left edge of a box 10 wide and 10 high."""
    frames, ids, lefts = (np.array(c) for c in zip(*rows, strict=True))
    boxes = np.stack([lefts, 0 * lefts, lefts + 10, 0 * lefts + 10], axis=1)
    return Trajectories(frames.astype(int), ids.astype(int), boxes.astype(float))


GT = table((1, 5, 0.0), (2, 5, 0.0), (3, 5, 0.0), (4, 5, 0.0), (1, 8, 100.0))
# 1: two frames of 5, exact; 2: one frame of 5 at IoU 5 / 15; 3: 8, a frame too many.
PRED = table((1, 1, 0.0), (2, 1, 0.0), (3, 2, 5.0), (1, 3, 100.0), (2, 3, 100.0))


def test_mean_iou_over_union_and_common_frames() -> None:
    gt_ids, pred_ids, union = trajectory_iou(GT, PRED)
    assert (gt_ids.tolist(), pred_ids.tolist()) == ([5, 8], [1, 2, 3])
    np.testing.assert_allclose(union, [[0.5, 1 / 12, 0], [0, 0, 0.5]])
    common = trajectory_iou(GT, PRED, 'common')[2]
    np.testing.assert_allclose(common, [[1, 1 / 3, 0], [0, 0, 1]])


def test_release_lets_many_take_one() -> None:
    assert match_official(GT, PRED) == {1: 5, 2: 5, 3: 8}
    assert match_trajectories(GT, PRED) == {1: 5, 3: 8}
    assert match_trajectories(GT, PRED, min_iou=0.51) == {}


def test_release_wants_more_than_a_fifth() -> None:
    truth = Trajectories([1], [1], [[0.0, 0, 9, 1]])
    # 2 columns of pixels and a little more, of 10.
    for width, expected in ((1.0, {}), (1.0 + 2**-40, {7: 1})):
        inside = Trajectories([1], [7], [[0.0, 0, width, 1]])
        assert match_official(truth, inside) == expected
    # The strict one takes a mean of exactly its bound.
    half_box = Trajectories([1], [7], [[0.0, 0, 4.5, 1]])
    assert match_trajectories(truth, half_box) == {7: 1}


def released_iou(gt: np.ndarray, pred: np.ndarray) -> float:
    """Of two boxes in whole pixels, as SMOTer's release counts them."""
    width = min(gt[2], pred[2]) - max(gt[0], pred[0]) + 1
    height = min(gt[3], pred[3]) - max(gt[1], pred[1]) + 1
    intersection = max(width, 0) * max(height, 0)
    sizes = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (gt, pred)]
    return intersection / (sum(sizes) - intersection)


def released_matches(gt: Trajectories, pred: Trajectories) -> dict[int, int]:
    """Its rule, a loop over tracks and frames."""
    matches = {}
    for pred_id, boxes in pred.by_id().items():
        best = 0.2
        for gt_id, truth in gt.by_id().items():
            common = set(truth.frame_ids.tolist()) & set(boxes.frame_ids.tolist())
            if not common:
                continue
            ious = [
                released_iou(
                    truth.boxes[truth.frame_ids == frame][0],
                    boxes.boxes[boxes.frame_ids == frame][0],
                )
                for frame in sorted(common)
            ]
            mean = sum(ious) / len(ious)
            if mean > 0.2 and mean >= best:  # of equals the last
                best, matches[pred_id] = mean, gt_id
    return matches


def test_release_counts_pixels() -> None:
    """Tracks that are moved to an IoU near .2: without the + 1 many are lost."""
    rng = np.random.default_rng(0)
    plain = matched = 0
    for _ in range(30):
        rows, moved = [], []
        for track in range(6):
            corner = rng.uniform(0, 400, 2)
            size = rng.integers(12, 60, 2)
            # Moved along x by two thirds of the width, the IoU is .2.
            shift = np.array([size[0] * rng.uniform(0.64, 0.72), 0.0])
            for frame in range(1, int(rng.integers(3, 9))):
                box = np.concatenate([corner, corner + size]) + frame
                rows.append((frame, track, *box))
                moved.append((frame + 1, track, *(box + np.tile(shift, 2) + 1)))
        gt, pred = (
            Trajectories(t[:, 0].astype(int), t[:, 1].astype(int), t[:, 2:])
            for t in map(np.array, (rows, moved))
        )
        matches = match_official(gt, pred)
        assert matches == released_matches(gt, pred)
        matched += len(matches)
        plain += (trajectory_iou(gt, pred, 'common')[2].max(axis=0) > 0.2).sum()
    assert (matched, plain) == (105, 60)


def test_release_takes_the_last_of_equal_truths() -> None:
    truth = table((1, 3, 0.0), (2, 3, 0.0), (1, 5, 0.0), (2, 5, 0.0), (1, 9, 50.0))
    pred = table((1, 1, 2.0), (2, 1, 2.0))
    assert match_official(truth, pred) == released_matches(truth, pred) == {1: 5}


def test_total_decides_not_greed() -> None:
    gt = table((1, 1, 0.0), (1, 2, 4.0))
    pred = table((1, 1, 2.0), (1, 2, 6.0))
    # 1-1 and 2-1 overlap equally; 2-2 is only possible if 1 takes 1.
    assert match_trajectories(gt, pred) == {1: 1, 2: 2}


def test_refined_takes_what_it_covers_most_of() -> None:
    # 2 begins in the box where 1 ends; smoothing moves it by 3 of 10.
    tracked = table(
        *((t, 1, 0.0) for t in range(1, 11)), *((t, 2, 0.0) for t in range(10, 21))
    )
    refined = table(
        *((t, 1, 0.0) for t in range(1, 11)), *((t, 2, 3.0) for t in range(10, 21))
    )
    assert match_official(refined, tracked) == {1: 1, 2: 1}
    assert map_to_merged(refined, tracked) == {1: 1, 2: 2}
    linked = table(*((t, 1, 3.0) for t in range(1, 21)))
    assert map_to_merged(linked, tracked) == {2: 1}  # both are there in frame 10
    parted = tracked[(tracked.ids == 1) | (tracked.frame_ids > 10)]
    assert map_to_merged(linked, parted) == {1: 1, 2: 1}
    elsewhere = table((1, 1, 50.0))
    assert map_to_merged(elsewhere, tracked) == {}


def test_thousands_of_tracklets_are_covered_in_little_memory() -> None:
    """A table of all pairs of 8,000 would be half a gigabyte."""
    count = 8000
    frames, ids = np.arange(count) // 4 + 1, np.arange(count) + 1
    x1 = 20.0 * (np.arange(count) % 4)
    boxes = np.stack([x1, x1 * 0, x1 + 10, x1 * 0 + 10], axis=1)
    tracked = Trajectories(frames, ids, boxes)
    tracemalloc.start()
    names = map_to_merged(Trajectories(frames, ids + 7, boxes + 1), tracked)
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    assert names == {i: i + 7 for i in ids.tolist()}


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_cover_is_the_greatest_sum_of_iou(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = np.repeat(np.arange(1, 6), 4)
    x1 = rng.integers(0, 4, 20) * 4.0  # many ties
    boxes = np.stack([x1, x1 * 0, x1 + 10, x1 * 0 + 10], axis=1)
    refined, tracked = (
        Trajectories(
            frames, np.concatenate([rng.permutation(6)[:4] for _ in range(5)]), b
        )
        for b in (boxes, boxes[rng.permutation(20)])
    )
    refined_ids, tracked_ids, cover = trajectory_iou(refined, tracked, 'none')
    names = map_to_merged(refined, tracked)
    for t, track_id in enumerate(tracked_ids.tolist()):
        best = int(refined_ids[cover[:, t].argmax()])
        assert names.get(track_id, best) == best
        if cover[:, t].max() == cover.max():
            assert cover.max() == 0 or any(names.get(i) == best for i in names)


def test_nothing_and_other_spaces() -> None:
    empty = Trajectories.empty()
    for gt, pred in ((empty, PRED), (GT, empty), (empty, empty)):
        assert match_trajectories(gt, pred) == match_official(gt, pred) == {}
    small = Trajectories.empty(CoordinateSpace(width=320, height=192))
    large = Trajectories.empty(CoordinateSpace(width=640, height=384))
    with pytest.raises(ValueError, match='match trajectories'):
        match_trajectories(small, large)
    assert map_to_merged(empty, PRED) == map_to_merged(GT, empty) == {}
    with pytest.raises(ValueError, match="one of 'union', 'common', 'none'"):
        trajectory_iou(GT, PRED, 'some')


@given(st.integers(0, 2**32 - 1))
def test_equals_a_loop_over_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def random_table() -> Trajectories:
        keep = rng.random((6, 3)) > 0.4
        frames, ids = np.nonzero(keep)
        corner = rng.uniform(0, 20, (len(ids), 2))
        boxes = np.concatenate([corner, corner + rng.uniform(5, 20, corner.shape)], 1)
        return Trajectories(frames + 1, ids + 1, boxes)

    gt, pred = random_table(), random_table()
    gt_ids, pred_ids, mean = trajectory_iou(gt, pred)
    for i, g in enumerate(gt_ids):
        for j, p in enumerate(pred_ids):
            a, b = gt[gt.ids == g], pred[pred.ids == p]
            total = sum(
                pairwise_iou(a.boxes[a.frame_ids == f], b.boxes[b.frame_ids == f]).sum()
                for f in range(1, 7)
            )
            frames = len(np.union1d(a.frame_ids, b.frame_ids))
            np.testing.assert_allclose(mean[i, j], total / frames)


def test_of_equally_covered_the_least_id_goes_on() -> None:
    refined = table((1, 1, 0.0), (2, 1, 0.0))
    # 4 and 7 stand in the same frames, equally far off; half a box is cover enough.
    tracked = table((1, 4, 5.0), (2, 4, 5.0), (1, 7, -5.0), (2, 7, -5.0))
    assert map_to_merged(refined, tracked) == {4: 1}
    assert map_to_merged(refined[:1], table((1, 9, 5.0))) == {9: 1}


def test_a_track_that_nothing_covers_has_a_column_all_the_same() -> None:
    gt, pred = table((1, 1, 0.0)), table((1, 1, 0.0), (9, 2, 0.0))
    assert trajectory_iou(gt, pred)[2].tolist() == [[1, 0]]
    assert trajectory_iou(pred, gt)[2].tolist() == [[1], [0]]
