"""The paper's measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.structures import Trajectories, VideoInfo, read_trajectories
from projects.single_shot_smot.single_shot_metric import SingleShotMetric


def tracks(*rows: tuple[int, int, float]) -> Trajectories:
    """Boxes 10 wide and high, from (frame, id, x)."""
    frame_ids, ids, x = np.array(rows, float).reshape(-1, 3).T
    boxes = np.stack([x, 0 * x, x + 10, 0 * x + 10], axis=1)
    return Trajectories(frame_ids, ids, boxes)


def sample(name: str, gt: Trajectories, predictions: Trajectories, frames: int) -> dict:
    return dict(
        gt_trajectories=gt,
        pred_trajectories=predictions,
        frame_ids=np.arange(1, frames + 1),
        video=VideoInfo(name=name, path=name),
    )


def scores(*videos: tuple[Trajectories, Trajectories], frames: int = 4) -> dict:
    metric = SingleShotMetric()
    for i, (gt, predictions) in enumerate(videos):
        metric.process({}, [sample(f'walk{i}', gt, predictions, frames)])
    result = metric.evaluate(size=len(videos))
    return {key.removeprefix('single_shot/'): value for key, value in result.items()}


def test_a_track_that_goes_over_to_another_object_is_a_transfer() -> None:
    """Object 1 in frames 1 and 2, then object 2 at its place: one track covers both."""
    gt = tracks((1, 1, 0), (2, 1, 0), (3, 2, 0), (4, 2, 0))
    row = scores((gt, tracks((1, 7, 0), (2, 7, 0), (3, 7, 0), (4, 7, 0))))
    assert (row['transfers'], row['switches'], row['tracks']) == (1, 0, 1)
    assert row['MOTA'] == 100 and row['IDF1'] == 50


def test_an_object_that_goes_over_to_another_track_is_a_switch() -> None:
    gt = tracks((1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0))
    row = scores((gt, tracks((1, 7, 0), (2, 7, 0), (3, 8, 0), (4, 8, 0))))
    assert (row['transfers'], row['switches'], row['tracks']) == (0, 1, 2)


def test_tracks_that_are_exchanged_are_both_at_once() -> None:
    gt = tracks(*((k, i, 50 * i) for k in (1, 2, 3, 4) for i in (1, 2)))
    exchanged = tracks(
        *((k, i if k < 3 else 3 - i, 50 * i) for k in (1, 2, 3, 4) for i in (1, 2))
    )
    row = scores((gt, exchanged))
    assert (row['transfers'], row['switches']) == (2, 2)


def test_a_match_of_the_last_frame_stays_although_another_overlaps_more() -> None:
    gt = tracks((1, 1, 0), (2, 1, 0))
    row = scores((gt, tracks((1, 7, 0), (2, 7, 2), (2, 8, 1))), frames=2)
    assert (row['transfers'], row['switches']) == (0, 0)
    assert row['precision'] == pytest.approx(200 / 3)


def test_videos_are_pooled() -> None:
    gt = tracks((1, 1, 0), (2, 2, 0))
    single = scores((gt, tracks((1, 7, 0), (2, 7, 0))), frames=2)
    pooled = scores(*[(gt, tracks((1, 7, 0), (2, 7, 0)))] * 2, frames=2)
    assert pooled['transfers'] == 2 * single['transfers'] == 2
    assert pooled['tracks'] == 2 and pooled['MOTA'] == single['MOTA']


def test_two_videos_of_one_name_are_refused() -> None:
    metric = SingleShotMetric()
    gt = tracks((1, 1, 0))
    metric.process({}, [sample('walk', gt, gt, 1)] * 2)
    with pytest.raises(ValueError, match='several videos share one: walk'):
        metric.compute_metrics(metric.results)


def test_without_ground_truth_there_is_no_score() -> None:
    metric = SingleShotMetric()
    metric.process({}, [dict(pred_trajectories=tracks((1, 1, 0)))])
    with pytest.raises(ValueError, match='no video has ground truth'):
        metric.compute_metrics(metric.results)


def test_a_match_stays_through_a_frame_without_tracks() -> None:
    """Track 1 is on object 1 (IoU .55) and nearer to object 2 (.90), where it would go."""
    gt = tracks((1, 1, 0), (2, 1, 0), (3, 1, 0), (3, 2, 3.4))
    row = scores((gt, tracks((1, 1, 0), (3, 1, 2.9), (3, 2, -0.5))), frames=3)
    assert (row['transfers'], row['switches']) == (0, 0)


def test_a_published_result(test_data: Path) -> None:
    """TUD, the tracker output that comes with py-motmetrics; MOTA and so on are its."""
    metric = SingleShotMetric()
    for name, frames in (('TUD-Campus', 71), ('TUD-Stadtmitte', 179)):
        folder = test_data / 'data/tud' / name
        gt = read_trajectories(folder / 'gt.txt')
        predictions = read_trajectories(folder / 'tracker_result.txt')
        metric.process({}, [sample(name, gt, predictions, frames)])
    row = metric.compute_metrics(metric.results)
    assert row['MOTA'] == pytest.approx(55.512, abs=1e-3)
    assert row['IDF1'] == pytest.approx(62.430, abs=1e-3)
    assert row['switches'] == 14
    assert row['precision'] == pytest.approx(100 * 913 / 971)
    assert row['recall'] == pytest.approx(100 * 913 / 1515)
