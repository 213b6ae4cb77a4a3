from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import BaseTracker
from mmsmot.models.training.clip_training import ClipTraining, clip_training_rows
from mmsmot.structures import (
    CoordinateSpace,
    Detections,
    Frame,
    SMOTDataSample,
    Tracks,
    Trajectories,
    write_trajectories,
)
from tests.engine import tiny_training
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import batch, sample


def test_detection_frames_are_neighbours() -> None:
    detected, kept = ClipTraining(detection_frames=3).draw_frames(8)
    assert np.diff(detected).tolist() == [1, 1]
    assert kept == list(range(8))
    assert ClipTraining().draw_frames(4)[0] == [0, 1, 2, 3]
    assert ClipTraining(detection_frames=9).draw_frames(4)[0] == [0, 1, 2, 3]
    assert ClipTraining(detection_frames=0).draw_frames(4)[0] == []
    assert clip_training_rows([1, 2], num_clips=2) == [2, 3, 4, 5]


def test_detection_is_among_the_frames_with_a_way_back() -> None:
    how = ClipTraining(detection_frames=2, num_grad_frames=4)
    seen = set()
    for _ in range(100):
        detected, kept = how.draw_frames(9)
        assert len(set(detected)) == 2
        assert len(set(kept)) == 4
        assert set(detected) <= set(kept)
        seen |= set(detected)
    assert seen == set(range(9))
    with pytest.raises(ValueError, match='more than num_grad_frames=4'):
        ClipTraining(detection_frames=5, num_grad_frames=4)
    with pytest.raises(ValueError, match='more than num_grad_frames=4'):
        ClipTraining(num_grad_frames=4).draw_frames(9)


def test_share_of_true_tracks() -> None:
    tracker, truth = ClipTraining(), ClipTraining(teacher_forcing_ratio=1.0)
    assert not any(tracker.draw_teacher_forcing() for _ in range(50))
    assert all(truth.draw_teacher_forcing() for _ in range(50))
    half = ClipTraining(teacher_forcing_ratio=0.5)
    assert 400 < sum(half.draw_teacher_forcing() for _ in range(1000)) < 600


def test_true_boxes_stand_about_where_a_detectors_would() -> None:
    truth = sample(ids=tuple(range(1, 9)), count=200).gt_trajectories
    assert ClipTraining().with_box_noise(truth) is truth
    noisy = ClipTraining(box_noise=0.05).with_box_noise(truth)
    size, new = (t.boxes[:, 2:] - t.boxes[:, :2] for t in (truth, noisy))
    moved = (noisy.boxes - truth.boxes).reshape(-1, 2, 2).mean(1) / size
    for error in (moved, np.log(new / size)):
        np.testing.assert_allclose(
            error.std(0), 0.05 * 0.96, rtol=0.05
        )  # clipped at 2 sigma
        np.testing.assert_allclose(error.mean(0), 0, atol=0.005)
        assert np.abs(error).max() <= 0.1 + 1e-9
    assert noisy.frame_ids.tolist() == truth.frame_ids.tolist()


def along_files(folder: Path, **options) -> SMOT:
    """A model that is trained along the tracks in a folder."""
    tracker = dict(type='TrajectoryFile', path=str(folder / '{name}.txt'))
    options = dict(teacher_forcing_ratio=0.0, freeze=True, tracker=tracker) | options
    return tiny_training.model(**options)


def test_words_are_learnt_along_tracks_of_a_file(tmp_path: Path) -> None:
    """Under ids of its own; who is in no file is not spoken of."""
    clip = sample(ids=(1, 2, 3))
    truth = clip.gt_trajectories
    path = tmp_path / f'{clip.video.name}.txt'
    write_trajectories(replace(truth, ids=truth.ids + 40)[truth.ids != 2], path)
    trained = along_files(tmp_path)
    calls = []
    trained.semantics.loss = lambda *arguments: calls.append(arguments) or {}
    assert float(trained.loss(**batch(clip))['matched']) == pytest.approx(2 / 3)
    ((estimate, _, _),) = calls
    (tracks,), (gt_ids,) = estimate.trajectories, estimate.gt_ids
    assert gt_ids == {41: 1, 43: 3}
    assert sorted(set(tracks.ids.tolist())) == [41, 43]
    np.testing.assert_allclose(
        tracks.boxes[tracks.ids == 43], truth.boxes[truth.ids == 3], atol=0.01
    )
    path.unlink()
    with pytest.raises(FileNotFoundError, match='no trajectories at'):
        trained.loss(**batch(clip))


@pytest.mark.parametrize('shift', [500.0, None])
def test_tracks_that_match_nobody_show_in_the_log(
    tmp_path: Path, shift: float | None
) -> None:
    """They are elsewhere, or there are none."""
    clip = sample()
    truth = clip.gt_trajectories
    there = truth[:0] if shift is None else replace(truth, boxes=truth.boxes + shift)
    write_trajectories(there, tmp_path / f'{clip.video.name}.txt')
    trained = along_files(tmp_path)
    trained.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    losses = trained.loss(**batch(clip))
    assert float(losses['matched']) == 0.0
    assert float(losses['loss_instance_caption']) == 0.0
    assert float(losses['loss_video_caption']) > 0.0
    total, logged = trained.parse_losses(losses)
    assert 'matched' in logged
    assert float(total) == float(sum(v for k, v in losses.items() if 'loss' in k))


def test_all_losses_lie_where_the_features_do(tmp_path: Path) -> None:
    """Those of a GPU beside one of the CPU cannot be looked at together."""
    clip = sample()
    write_trajectories(clip.gt_trajectories, tmp_path / f'{clip.video.name}.txt')
    trained = along_files(tmp_path)
    extract = trained.estimator.detector.extract

    def elsewhere(frames):
        features = extract(frames)
        return replace(features, levels=tuple(m.to('meta') for m in features.levels))

    trained.estimator.detector.extract = elsewhere
    # What is on that device has a place and no numbers, so nobody looks for people.
    trained.estimator.detect_in = lambda features, frames: (
        [Detections.empty()] * len(frames)
    )
    trained.semantics.loss = lambda estimate, *_: dict(
        loss_video_caption=estimate.features.levels[0].sum()
    )
    losses = trained.loss(**batch(clip))
    assert {name: loss.device.type for name, loss in losses.items()} == dict(
        matched='meta', loss_video_caption='meta'
    )


def test_a_file_knows_nothing_of_images_that_were_changed(tmp_path: Path) -> None:
    clip = sample()
    truth = clip.gt_trajectories
    write_trajectories(truth, tmp_path / f'{clip.video.name}.txt')
    clip.gt_trajectories = replace(truth, space=CoordinateSpace('transformed'))
    with pytest.raises(ValueError, match='cannot train along .* TrajectoryFile'):
        along_files(tmp_path).loss(**batch(clip))


def test_a_tracker_that_is_never_used() -> None:
    with pytest.raises(ValueError, match='never used with teacher_forcing_ratio=1'):
        ClipTraining(tracker=dict(type='SORT'), teacher_forcing_ratio=1.0)


class AsFound(BaseTracker):
    """Takes detections for tracks, in their order; ids tell how often it began anew."""

    def __init__(self) -> None:
        self.clips = 0
        self.seen: list[list[int]] = []

    def reset(self) -> None:
        self.clips += 1
        self.seen.append([])

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        self.seen[-1].append(frame.frame_id)
        index = np.arange(len(detections))
        ids = 10 * self.clips + index
        return Tracks(
            ids, detections.boxes, detections.scores, detections.labels, index
        )


def test_each_clip_of_a_batch_has_its_own_tracks() -> None:
    """Two clips, other people, other frame numbers; frames come time first."""
    clips = [sample((1, 2)), sample((3, 5))]
    later = clips[1].gt_trajectories
    clips[1].gt_trajectories = replace(later, frame_ids=2 * later.frame_ids + 3)
    both = batch(*clips)
    both['inputs'] = [
        [one, replace(other, frame_id=2 * other.frame_id + 3)]
        for one, other in both['inputs']
    ]
    found = [
        detections_of(clip.gt_trajectories, step[b].frame_id, reverse=b == 1)
        for step in both['inputs']
        for b, clip in enumerate(clips)
    ]
    trained = tiny_training.model(teacher_forcing_ratio=0.0)
    trained.estimator.tracker = AsFound()
    trained.estimator.detector.detect_in = lambda features: found
    calls = []
    trained.semantics.loss = lambda *arguments: calls.append(arguments) or {}
    assert float(trained.loss(**both)['matched']) == 1.0
    ((estimate, inputs, samples),) = calls
    tables, gt_ids = estimate.trajectories, estimate.gt_ids
    assert inputs is both['inputs']
    assert samples == clips
    assert trained.estimator.tracker.seen == [[1, 2, 3], [5, 7, 9]]
    # The last of each frame is nobody.
    assert gt_ids == [{10: 1, 11: 2}, {20: 5, 21: 3}]
    for table, names, clip in zip(tables, gt_ids, clips, strict=True):
        truth = clip.gt_trajectories
        assert table.ids.tolist() == [*sorted(names), max(names) + 1] * 3
        for own, true_id in names.items():
            mine, true = table[table.ids == own], truth[truth.ids == true_id]
            assert mine.frame_ids.tolist() == true.frame_ids.tolist()
            np.testing.assert_array_equal(mine.boxes, true.boxes + 1)


def detections_of(
    truth: Trajectories, frame_id: int, reverse: bool = False
) -> Detections:
    """The people of a frame a pixel aside, and where nobody is."""
    boxes = truth.boxes[truth.frame_ids == frame_id][:: -1 if reverse else 1] + 1
    boxes = np.concatenate([boxes, [[70.0, 40, 90, 60]]])
    return Detections(boxes, np.ones(len(boxes)))


def walking(ids: tuple[int, ...]) -> SMOTDataSample:
    """People who move from frame to frame by more than a cell."""
    clip = sample(ids)
    truth = clip.gt_trajectories
    steps = truth.frame_ids[:, None] * np.array([9.0, 0, 9, 0])
    clip.gt_trajectories = replace(truth, boxes=truth.boxes + steps)
    return clip


@pytest.mark.parametrize('num_grad_frames', [None, 2])
@pytest.mark.parametrize('semantic_losses_enabled', [True, False])
def test_the_detection_loss_is_of_the_frames_that_were_drawn(
    num_grad_frames: int | None, semantic_losses_enabled: bool
) -> None:
    torch.manual_seed(0)
    trained = tiny_training.model(
        detection_frames=2,
        num_grad_frames=num_grad_frames,
        semantic_losses_enabled=semantic_losses_enabled,
    )
    trained.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    clips = batch(walking((1, 2)), walking((3, 5)))
    of_frames = {}
    for drawn in combinations(range(3), 2):
        steps = [(t, b) for t in drawn for b in range(2)]
        rows = [clips['data_samples'][b].gt_trajectories for _, b in steps]
        boxes = [
            truth.boxes[truth.frame_ids == t + 1]
            for truth, (t, _) in zip(rows, steps, strict=True)
        ]
        of_frames[drawn] = trained.estimator.detector.loss(
            [clips['inputs'][t][b] for t, b in steps],
            [(own, np.zeros(len(own), np.int64)) for own in boxes],
        )
    seen = set()
    for seed in range(8):
        trained.clip_training.generator = np.random.default_rng(seed)
        drawn = tuple(trained.clip_training.draw_frames(3)[0])
        trained.clip_training.generator = np.random.default_rng(seed)
        losses = trained.loss(**clips)
        assert ('loss_interaction' in losses) == semantic_losses_enabled
        for candidate, expected in of_frames.items():
            is_it = all(
                torch.allclose(losses[name], value, rtol=1e-4)
                for name, value in expected.items()
            )
            assert is_it == (candidate == drawn)
        seen.add(drawn)
    assert seen == {(0, 1), (1, 2)} | ({(0, 2)} if num_grad_frames else set())
