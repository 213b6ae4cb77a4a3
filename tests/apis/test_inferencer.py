from __future__ import annotations

import errno
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmsmot import datasets
from mmsmot.apis import SMOTInferencer, infer
from mmsmot.apis.domain_check import domain_warnings
from mmsmot.datasets import VideoReader
from mmsmot.engine import load_config
from mmsmot.models.smot import SMOT
from mmsmot.structures import VideoInfo
from mmsmot.utils.bundled_weights import bundled_weights, configs_with_bundled_weights
from mmsmot.utils.checkpoint import save_weights
from tests.demo_scene import make_demo_scene

CONFIG = 'two_stage/sort_public-detections'


@pytest.fixture(scope='module')
def scenes(tmp_path_factory) -> list[Path]:
    root = tmp_path_factory.mktemp('scenes')
    return [make_demo_scene(root / f's{i}', seed=i, num_frames=4) for i in range(2)]


def test_one_video_and_several(scenes: list[Path], tmp_path: Path) -> None:
    inferencer = SMOTInferencer(CONFIG, options={'model.tracker.min_hits': 0})
    one = inferencer(scenes[0], tmp_path / 'one', draw=False)
    both = inferencer(scenes, tmp_path / 'both', draw=False)
    assert [r['video']['name'] for r in both] == ['s0', 's1']
    files = [tmp_path / 'one', tmp_path / 'both' / 's0']
    first, second = ((file / 'tracks.txt').read_text() for file in files)
    assert first == second != ''
    assert len(one['trajectories']) > 0
    for name in ('s0', 's1'):
        written = json.loads((tmp_path / 'both' / name / 'result.json').read_text())
        assert written['warnings'] == []
    with pytest.raises(ValueError, match="'s0' is the name of several"):
        inferencer([scenes[0], scenes[0]], tmp_path)
    with pytest.raises(FileNotFoundError, match='no such video'):
        inferencer(tmp_path / 'nowhere.mp4', tmp_path)


def test_a_broken_video_stops_no_other(scenes: list[Path], tmp_path: Path) -> None:
    (tmp_path / 'notes.mp4').write_text('these are only words\n' * 200)
    videos = [scenes[0], tmp_path / 'notes.mp4', scenes[1]]
    told = []

    def done(result: dict, folder: Path) -> None:
        assert (folder / 'result.json').is_file()
        told.append((result['video']['name'], folder))

    out = tmp_path / 'out'
    inferencer = SMOTInferencer(CONFIG)
    with pytest.raises(ValueError, match=r'1 of 3 videos failed:\n.*not a video'):
        inferencer(videos, out, draw=False, done=done)
    assert told == [('s0', out / 's0'), ('s1', out / 's1')]
    with pytest.raises(ValueError, match=r'^/.*notes.mp4: not a video'):
        inferencer(tmp_path / 'notes.mp4', out, draw=False)


@pytest.mark.parametrize(
    'error',
    [
        EOFError('End of file'),
        MemoryError(),
        av.error.PatchWelcomeError(1, 'not yet implemented'),
        av.error.EOFError(1, 'End of file'),
        cv2.error('Insufficient memory'),
        PermissionError(1, 'not permitted'),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_broken_video_ends_in_stops_no_other(
    scenes: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def open_video(name: str, *args) -> VideoReader:
        if name.endswith('bad.mp4'):
            raise error
        return datasets.open_video(name, *args)

    monkeypatch.setattr('mmsmot.apis.inferencer.open_video', open_video)
    inferencer = SMOTInferencer(CONFIG)
    videos = [tmp_path / 'bad.mp4', *scenes]
    with pytest.raises(ValueError, match=r'1 of 3 videos failed:\n.*bad.mp4'):
        inferencer(videos, tmp_path / 'out', draw=False)
    for scene in scenes:
        assert (tmp_path / 'out' / scene.name / 'result.json').is_file()
    with pytest.raises(type(error)):  # alone it is told as it is
        inferencer(tmp_path / 'bad.mp4', tmp_path / 'one', draw=False)


def test_a_number_is_a_camera(tmp_path: Path) -> None:
    inferencer = SMOTInferencer('two_stage/bytetrack_public-detections')
    with pytest.raises(ConnectionError, match='camera:63'):
        inferencer(63, tmp_path)


def test_a_full_disk_stops_all(
    scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail(result: dict, path: Path) -> None:
        asked.append(path)
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(infer, 'write_json', fail)
    with pytest.raises(OSError, match='the disk of .* is full'):
        SMOTInferencer(CONFIG)(scenes, tmp_path, draw=False)
    assert len(asked) == 1


def test_out_of_memory_names_options(scenes: list[Path], tmp_path: Path) -> None:
    inferencer = SMOTInferencer('smoter/detector_tiny_synsmot')

    def run_out(*_: object) -> None:
        raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')

    inferencer.model.estimator.detector.model.backbone.register_forward_pre_hook(
        run_out
    )
    with pytest.raises(MemoryError, match=r'model.batch_size \(8 now\)') as error:
        inferencer(scenes[0], tmp_path, draw=False, end=2)
    assert 'train_dataloader' not in str(error.value)


def test_folders_are_named_in_full(
    scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [tmp_path / '2024.01.01', tmp_path / '2024.01.02']
    for scene, day in zip(scenes, days, strict=True):
        shutil.copytree(scene, day)
    monkeypatch.chdir(days[0])
    told = []
    SMOTInferencer(CONFIG)(
        ['.', days[1]], tmp_path, draw=False, done=lambda _, folder: told.append(folder)
    )
    assert told == days


def test_a_network_that_never_learnt_says_so(
    scenes: list[Path], tmp_path: Path
) -> None:
    random = SMOTInferencer('smoter/detector_tiny_synsmot')
    found = random(scenes[0], tmp_path, draw=False, end=2)
    (warning,) = found['warnings']
    assert 'no weights were given for MMDetDetector: what' in warning
    assert '--weights' in warning


def test_one_model_looks_at_all_videos(
    scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    build = SMOTInferencer._build
    monkeypatch.setattr(
        SMOTInferencer, '_build', lambda *args: built.append(1) or build(*args)
    )
    inferencer = SMOTInferencer('smoter/detector_tiny_synsmot', cache=True)
    inferencer(scenes, tmp_path, draw=False, end=2)
    assert len(built) == 1
    for name in ('s0', 's1'):
        (folder,) = (tmp_path / name / 'cache').iterdir()
        assert folder.name.startswith(f'{name}-')
    assert type(inferencer.model.estimator.detector).__name__ == 'MMDetDetector'


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines = []
    monkeypatch.setattr(
        'mmsmot.apis.inferencer.print_log', lambda text, **_: lines.append(text)
    )
    return lines


def test_random_words_are_told_of(tmp_path: Path, logged: list[str]) -> None:
    """And nothing random is said to come from a dataset."""
    nothing = SMOTInferencer('smoter/sort_tiny_synsmot')
    nothing.session()
    (warning,) = logged
    assert 'for MMDetDetector and TrajectorySemantics: ' in warning
    save_weights(
        nothing.model.estimator.detector.model, tmp_path / 'detector.safetensors'
    )
    options = {'model.detector.checkpoint': str(tmp_path / 'detector.safetensors')}
    SMOTInferencer('smoter/sort_tiny_synsmot', options=options).session()
    assert 'for TrajectorySemantics: what' in logged[1]
    shipped = 'smoter_tiny_synsmot'  # whose detector is asked for alone
    weights = bundled_weights(shipped)
    SMOTInferencer(shipped, weights=str(weights)).session()
    assert 'for TrajectorySemantics: what' in logged[2]
    assert len(logged) == 3


def test_a_session_says_what_its_words_were_learnt_on(logged: list[str]) -> None:
    session = SMOTInferencer('smoter_tiny_synsmot').session(name='door', patience=90)
    (warning,) = logged
    assert 'trained on SynSMOT' in warning
    assert "'door' is none of it" in warning
    assert session.patience == 90


def test_a_session_of_the_same_pipeline(scenes: list[Path]) -> None:
    session = SMOTInferencer(CONFIG).session(fps=25, name='door')
    assert session.fps == 25
    assert session.describe().captions == {}


def test_unknown_names_and_options() -> None:
    with pytest.raises(FileNotFoundError, match='there is no config'):
        SMOTInferencer('smoter_huge')
    with pytest.raises(KeyError, match='min_hit'):
        SMOTInferencer(CONFIG, options={'model.tracker.min_hit': 0})


@pytest.mark.parametrize(
    'options',
    [dict(config=None), dict(config=''), dict(config=5)]
    + [{name: 7} for name in ('checkpoint', 'weights', 'reid_weights')],
)
def test_what_is_no_path_is_named(options: dict) -> None:
    (name,) = options
    with pytest.raises(TypeError, match=f'SMOTInferencer: {name} must be'):
        SMOTInferencer(**{'config': CONFIG, **options})


@pytest.mark.parametrize('videos', [None, [None], {'a.mp4': 1}, np.zeros((5, 5, 3))])
def test_videos_that_are_no_paths(videos: object, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match='videos must be the path of a video'):
        SMOTInferencer(CONFIG)(videos, tmp_path)


@pytest.mark.parametrize('name', ['start', 'end', 'stride'])
def test_frame_numbers_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=f'SMOTInferencer: {name} must be a whole number'
    ):
        SMOTInferencer(CONFIG)('a.mp4', tmp_path, **{name: 1.5})


def test_weights_may_be_a_path(tmp_path: Path) -> None:
    inferencer = SMOTInferencer(
        'two_stage/sort_yolox-nano', weights=tmp_path / 'a.onnx'
    )
    assert inferencer.config.model.detector.model == str(tmp_path / 'a.onnx')


def test_sessions_that_begin_at_once_share_one_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inferencer = SMOTInferencer(CONFIG)
    build, models = inferencer._build, []

    def slowly(config: Config) -> SMOT:
        time.sleep(0.05)
        models.append(build(config))
        return models[-1]

    monkeypatch.setattr(inferencer, '_build', slowly)
    with ThreadPoolExecutor(4) as pool:
        sessions = list(pool.map(lambda _: inferencer.session(), range(4)))
    assert len(models) == 1
    assert {id(session.model) for session in sessions} == {id(models[0])}


def test_a_config_that_is_given_stays_as_it_is() -> None:
    config = load_config('two_stage/bytetrack_yolox-nano')
    before = config.model.detector.model
    inferencer = SMOTInferencer(config, weights='own.onnx')
    assert inferencer.config.model.detector.model == 'own.onnx'
    assert config.model.detector.model == before != 'own.onnx'
    with pytest.raises(ValueError, match="set .'model.nonsense'. in the Config itself"):
        SMOTInferencer(config, options={'model.nonsense': 3})


def test_shipped_weights_are_those_of_their_config() -> None:
    assert bundled_weights(CONFIG) is None
    assert 'smoter_tiny_synsmot' in configs_with_bundled_weights()
    for name in configs_with_bundled_weights():
        path = bundled_weights(f'smoter/{name}.py')
        assert path.stat().st_size <= 20e6
        assert SMOTInferencer(name).model  # refuses the weights of another config


def test_words_learnt_on_drawings_are_no_description_of_a_street(
    tmp_path: Path,
) -> None:
    model = SimpleNamespace(semantics=SimpleNamespace(trained_on='SynSMOT'))
    street = VideoInfo('street', str(tmp_path / 'street.mp4'))
    (warning,) = domain_warnings(model, street)
    assert 'trained on SynSMOT' in warning
    assert 'street.mp4' in warning
    home = tmp_path / 'data'
    home.mkdir()
    (home / 'synsmot.json').write_text('{}')
    own = VideoInfo('a', str(home / 'test' / 'hugging' / '000000'))
    assert domain_warnings(model, own) == []
    untold = SimpleNamespace(semantics=SimpleNamespace(trained_on=None))
    assert domain_warnings(untold, street) == []
    assert domain_warnings(SimpleNamespace(semantics=None), street) == []


def test_semantics_for_a_config_that_only_tracks(
    scenes: list[Path], tmp_path: Path
) -> None:
    config = load_config('two_stage/bytetrack_public-detections')
    inferencer = SMOTInferencer(config, semantics='kinematic')
    result = inferencer(scenes[0], tmp_path / 'out', draw=False)
    assert result['video_caption'] == 'Nobody is tracked for long in this video.'
    assert all('motions' in row for row in result['trajectories'])
    assert config.model.get('semantics') is None  # the caller's is left as it is
    named = SMOTInferencer(
        'two_stage/bytetrack_public-detections',
        options={'model.semantics.partner_names': 'appearance'},
        semantics='kinematic',
    )
    assert named.session().model.semantics.partner_names == 'appearance'
    with pytest.raises(ValueError, match='has semantics of its own'):
        SMOTInferencer('smoter_tiny_synsmot', semantics='kinematic')
    with pytest.raises(FileNotFoundError, match='there are kinematic, smolvlm'):
        SMOTInferencer(CONFIG, semantics='kinetic')
