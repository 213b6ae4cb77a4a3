from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmsmot.apis import SMOTInferencer
from mmsmot.apis.domain import domain_warnings
from mmsmot.apis.shipped import shipped_names, shipped_weights
from mmsmot.datasets import make_demo_scene
from mmsmot.structures import VideoInfo

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


def test_a_network_that_never_learnt_says_so(
    scenes: list[Path], tmp_path: Path
) -> None:
    random = SMOTInferencer('smoter/detector_tiny_synsmot')
    found = random(scenes[0], tmp_path, draw=False, end=2)
    (warning,) = found['warnings']
    assert 'MMDetDetector has no weights' in warning
    assert '--weights' in warning


def test_a_session_of_the_same_pipeline(scenes: list[Path]) -> None:
    session = SMOTInferencer(CONFIG).session(fps=25, name='door')
    assert session.fps == 25
    assert session.describe().captions == {}


def test_unknown_names_and_options() -> None:
    with pytest.raises(FileNotFoundError, match='there is no config'):
        SMOTInferencer('smoter_huge')
    with pytest.raises(KeyError, match='min_hit'):
        SMOTInferencer(CONFIG, options={'model.tracker.min_hit': 0})


def test_shipped_weights_are_named_as_their_config() -> None:
    assert shipped_weights(CONFIG) is None
    for name in shipped_names():
        assert shipped_weights(f'smoter/{name}.py').is_file()


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
