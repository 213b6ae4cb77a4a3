"""The pipeline streams, and reports the frames it really saw."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.datasets import open_video
from mmsmot.models.detectors import BaseDetector, DetectionFile
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT, DeepSORT, TrajectoryFile
from mmsmot.structures import (
    Detections,
    Frame,
    SMOTDataSample,
    Trajectories,
    read_trajectories,
)
from tests.demo_scene import make_demo_scene
from tests.engine import tiny_training
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import (
    LOSSES,
    VERBS,
    VIDEO,
    frames,
    sample,
)


class Watching(BaseDetector):
    """One box a frame; counts the images alive while it looks."""

    fingerprint = 'watching'

    def __init__(self) -> None:
        self.pictures: list[weakref.ref] = []
        self.most_alive = 0
        self.batches: list[int] = []

    def detect(self, frames):
        self.pictures += [weakref.ref(frame.image) for frame in frames]
        gc.collect()
        alive = sum(ref() is not None for ref in self.pictures)
        self.most_alive = max(self.most_alive, alive)
        self.batches.append(len(frames))
        return [
            Detections([[f.frame_id, 0, f.frame_id + 40, 80]], [0.9]) for f in frames
        ]


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('smot') / 'walk', num_frames=11)


def predict(model: SMOT, video) -> SMOTDataSample:
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=np.arange(99)))
    return model.test_step({'inputs': [video], 'data_samples': [sample]})[0]


def test_no_more_images_than_a_batch(scene: Path) -> None:
    detector = Watching()
    predict(SMOT(detector=detector, tracker=SORT(), batch_size=4), open_video(scene))
    assert detector.batches == [4, 4, 3]
    assert detector.most_alive <= 4


def test_frames_are_those_that_were_read(scene: Path) -> None:
    video = open_video(scene, start=2, end=9, stride=3)
    sample = predict(SMOT(detector=Watching(), tracker=SORT(min_hits=0)), video)
    assert sample.frame_ids.tolist() == [2, 5, 8]
    assert sample.pred_trajectories.frame_ids.tolist() == [2, 5, 8]
    assert (sample.pred_trajectories.space.width, sample.frame_ids.dtype) == (
        video.video.width,
        np.int64,
    )


def test_each_video_starts_with_id_one(scene: Path) -> None:
    model = SMOT(
        detector=dict(type='DetectionFile'), tracker=dict(type='SORT', min_hits=0)
    )
    assert isinstance(model.estimator.detector, DetectionFile)
    first = predict(model, open_video(scene)).pred_trajectories
    second = predict(model, open_video(scene)).pred_trajectories
    np.testing.assert_array_equal(first.ids, second.ids)
    assert first.ids.min() == 1


def test_trajectories_of_a_file_need_no_detector(scene: Path) -> None:
    video = open_video(scene, start=3, stride=2)
    model = SMOT(detector=None, tracker=TrajectoryFile(path='{path}/gt/gt.txt'))
    found = predict(model, video).pred_trajectories
    truth = read_trajectories(scene / 'gt' / 'gt.txt')
    truth = truth[np.isin(truth.frame_ids, video.frame_ids)]
    np.testing.assert_array_equal(found.ids, truth.ids)
    np.testing.assert_array_equal(found.boxes, truth.boxes)
    assert (found.det_index == -1).all()


def test_post_processing_runs_in_order(scene: Path) -> None:
    def twice(trajectories: Trajectories, frame_ids: np.ndarray) -> Trajectories:
        assert frame_ids.tolist() == plain.frame_ids.tolist()
        return replace(trajectories, ids=trajectories.ids * 2)

    def plus_one(trajectories: Trajectories, _: np.ndarray) -> Trajectories:
        return replace(trajectories, ids=trajectories.ids + 1)

    plain = predict(
        SMOT(detector=Watching(), tracker=SORT(min_hits=0)), open_video(scene)
    )
    model = SMOT(
        detector=Watching(), tracker=SORT(min_hits=0), post_processing=[twice, plus_one]
    )
    sample = predict(model, open_video(scene))
    ids = plain.pred_trajectories.ids
    np.testing.assert_array_equal(sample.pred_trajectories.ids, ids * 2 + 1)


def test_what_does_not_fit_says_so(scene: Path) -> None:
    with pytest.raises(ValueError, match='batch_size must be a whole number of 1'):
        SMOT(detector=DetectionFile(), tracker=SORT(), batch_size=0)
    with pytest.raises(ValueError, match=r'set model\.reid'):
        predict(SMOT(detector=Watching(), tracker=DeepSORT()), open_video(scene))
    with pytest.raises(TypeError, match='DetectionFile cannot be trained'):
        SMOT(detector=DetectionFile(), tracker=SORT()).loss([], [])
    with pytest.raises(ValueError, match="'loss' or 'predict'"):
        SMOT(detector=DetectionFile(), tracker=SORT())([], [], mode='tensor')


class Clip:
    """What a model asks of a video reader."""

    video = VIDEO

    def __init__(self, count: int) -> None:
        self.count = count

    def batches(self, size: int) -> Iterator[list[Frame]]:
        yield frames(self.count)


def speaking(ids: tuple[int, ...]) -> SMOT:
    """A model with words, whose detector finds these people in each frame."""
    torch.manual_seed(0)
    model = tiny_training.model()
    model.estimator.tracker = SORT(min_hits=0)
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    boxes = sample(ids, count=1).gt_trajectories.boxes
    one = Detections(boxes, np.ones(len(boxes)))
    model.estimator.detector.detect_in = lambda features: [one] * len(features.samples)
    return model


@pytest.mark.parametrize('count', [1, 3])
@pytest.mark.parametrize('ids', [(), (4,), (1, 4)])
def test_few_frames_and_few_people_are_described(
    ids: tuple[int, ...], count: int
) -> None:
    """Everybody gets a caption, every pair its verbs, every video its caption."""
    said = predict(speaking(ids).eval(), Clip(count))
    people = [*range(1, len(ids) + 1)]
    tracks = said.pred_trajectories
    assert said.frame_ids.tolist() == [*range(1, count + 1)]
    assert sorted(tracks.ids.tolist()) == sorted(people * count)
    assert sorted(said.pred_captions) == people
    assert all(isinstance(text, str) for text in said.pred_captions.values())
    assert said.pred_video_caption
    # The threshold of this head is 0: both verbs, of each ordered pair.
    found = said.pred_interactions
    rows = zip(found.subject_ids, found.object_ids, found.verbs, strict=True)
    pairs = [(1, 2), (2, 1)] if len(ids) > 1 else []
    assert sorted(rows) == [(*pair, verb) for pair in pairs for verb in VERBS]
    assert (found.start_frames >= 1).all()
    assert (found.end_frames <= count).all()
    assert (found.start_frames <= found.end_frames).all()


@pytest.mark.parametrize('teacher_forcing_ratio', [1.0, 0.0])
@pytest.mark.parametrize('ids', [(), (4,), (1, 4)])
def test_one_frame_trains(ids: tuple[int, ...], teacher_forcing_ratio: float) -> None:
    model = speaking(ids).train()
    model.clip_training.teacher_forcing_ratio = teacher_forcing_ratio
    losses = model.loss([frames(1)], [sample(ids, count=1)])
    assert ('matched' in losses) == (not teacher_forcing_ratio)
    if ids and not teacher_forcing_ratio:
        assert float(losses.pop('matched')) == 1.0
    for name in LOSSES:
        people = 2 if name == 'loss_interaction' else 1
        there = name == 'loss_video_caption' or len(ids) >= people
        assert (float(losses[name]) > 0) == there
        (gradient,) = torch.autograd.grad(
            losses[name],
            model.estimator.detector.model.backbone.conv1.weight,
            retain_graph=True,
        )
        assert gradient.isfinite().all()
        assert (gradient.abs().max() > 1e-8) == there
