"""The configs: found and checked, and real faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mmsmot.apis.random_weights_check import random_weight_warnings
from mmsmot.datasets.video_reader import open_video
from mmsmot.engine import load_config, set_config_weights
from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.base import RawDetections
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, Trajectories
from mmsmot.utils.weights_hash import weights_hash
from projects.single_shot_smot.trained_model import project_config, trained_model

PROJECT = Path(__file__).parents[1]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/{PROJECT.name}/configs/{name}')


def test_a_wrong_option_of_a_part_is_refused() -> None:
    name = f'projects/{PROJECT.name}/configs/single-shot_ssdlite'
    with pytest.raises(KeyError, match="num_anchor'.*'num_anchors'"):
        load_config(name, {'model.estimator.anchors.num_anchor': 3})


class StoredRaw(BaseDetector):
    """The answers of a detector in a whole video, so that it runs once."""

    fingerprint = 'stored'

    def __init__(self, detector: BaseDetector, frames: Sequence[Frame]) -> None:
        self.answers = {frame.frame_id: detector.raw([frame])[0] for frame in frames}

    def detect(self, frames: Sequence[Frame]) -> list:
        raise NotImplementedError

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        return [self.answers[frame.frame_id] for frame in frames]


def model_config(data: Path, name: str, weights: str, options: dict) -> dict:
    path = f'projects/{PROJECT.name}/configs/{name}'
    options = {f'model.estimator.{key}': value for key, value in options.items()}
    config = load_config(path, options)
    set_config_weights(config, str(data / 'data/models' / weights))
    return config.model


def track(model: dict, detector: BaseDetector, frames: Sequence[Frame]) -> Trajectories:
    estimator = {**model['estimator'], 'detector': detector}
    run = MODELS.build({**model, 'estimator': estimator}).begin(frames[0].video)
    run.push(frames)
    return run.finish()[0].trajectories


@pytest.fixture(scope='module')
def face_frames(test_data: Path) -> list[Frame]:
    video = test_data / 'data/videos/two_people_interacting_1080p.mp4'
    return [*open_video(str(video))]


FACES = 'single-shot_ultraface', 'ultraface_rfb320_raw.onnx'


@pytest.fixture(scope='module')
def faces(test_data: Path, face_frames: list[Frame]) -> StoredRaw:
    model = model_config(test_data, *FACES, {})
    return StoredRaw(MODELS.build(model['estimator']['detector']), face_frames)


def test_two_faces_are_two_tracks_of_every_frame(
    test_data: Path, faces: StoredRaw, face_frames: list[Frame]
) -> None:
    trajectories = track(model_config(test_data, *FACES, {}), faces, face_frames)
    assert lengths(trajectories) == [72, 72]
    assert trajectories.scores.min() > 0.4


@pytest.mark.parametrize(
    ('num_anchors', 'follows', 'num_tracks'),
    [(1, False, 2), (5, False, 3), (10, False, 55), (10, True, 2)],
)
def test_scores_fall_with_anchors_unless_the_rule_follows_them(
    test_data: Path,
    faces: StoredRaw,
    face_frames: list[Frame],
    num_anchors: int,
    follows: bool,
    num_tracks: int,
) -> None:
    """At sigma_tk .4 the plain mean of ten anchors breaks two perfect tracks."""
    options = {
        'anchors.num_anchors': num_anchors,
        'anchors.closeness': 'iou',
        'anchors.weigh_scores': follows,
        'relative_keep': follows,
        'keep_threshold': 0.4,
    }
    model = model_config(test_data, *FACES, options)
    model['estimator']['motion'] = dict(type='IdentityMotion')
    assert len(lengths(track(model, faces, face_frames))) == num_tracks


def lengths(trajectories: Trajectories) -> list[int]:
    return np.unique(trajectories.ids, return_counts=True)[1].tolist()


@pytest.mark.parametrize('config', [
    'single-shot-k1_tiny_synsmot', 'single-shot-linked_tiny_synsmot',
    'sort_tiny-ssd_synsmot', 'bytetrack_tiny-ssd_synsmot', 'deepsort_tiny-ssd_synsmot',
])  # fmt: skip
def test_configs_on_the_trained_ssd_have_its_weights(config: str) -> None:
    """They ran a random detector: only a config's own name had weights."""
    loaded = load_config(project_config(config))
    assert loaded.load_from is None  # nothing is said of a training
    model = MODELS.build(loaded.model)
    assert random_weight_warnings(model) == []
    detector = trained_model('single-shot_tiny_synsmot').estimator.detector
    assert weights_hash(model.estimator.detector) == weights_hash(detector)
