"""The discipline of the config folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

from mmsmot.engine import load_config, set_config_weights
from mmsmot.registry import MODELS

ROOT = Path(__file__).parents[2] / 'configs'
SLOTS = sorted(p for p in (ROOT / '_base_').glob('*/*.py'))
VARIANTS = sorted(p for p in ROOT.glob('*/*.py') if p.parent.name != '_base_')
WEIGHTS = {'yolox-nano': 'yolox_nano.onnx', 'osnet': 'osnet_x0_25_msmt17.onnx'}
WEIGHTS['onnx'] = WEIGHTS['yolox-nano']
# Detectors that a user downloads: tests/apis/test_zoo_detectors.py builds them.
ZOO = {'rtdetrv2-r18', 'dfine-s', 'rtmdet-tiny'}


def names(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    found = [t.id for node in tree.body for t in getattr(node, 'targets', [])]
    return [name for name in found if not name.startswith('_')]  # a file's own


def depth(path: Path) -> int:
    bases = Config._get_base_files(str(path))
    return 1 + max((depth(path.parent / base) for base in bases), default=0)


@pytest.mark.parametrize('path', [*SLOTS, *VARIANTS], ids=lambda p: p.stem)
def test_short_shallow_and_portable(path: Path) -> None:
    text = path.read_text()
    # A variant shows a difference; a slot may hold a whole network.
    assert len(text.splitlines()) <= (60 if path in SLOTS else 30)
    assert depth(path) <= 3
    assert "'/" not in text and 'import ' not in text


def test_each_slot_file_defines_one_dict_of_its_own_name() -> None:
    defined = [names(path) for path in SLOTS]
    assert all(len(found) == 1 for found in defined)
    flat = [found[0] for found in defined]
    assert len(set(flat)) == len(flat)
    assert flat == [path.stem for path in SLOTS]


@pytest.mark.parametrize(
    'path',
    [  # others: test_steps.py
        p
        for p in VARIANTS
        if p.parent.name == 'two_stage' and p.stem.partition('_')[2] not in ZOO
    ],
    ids=lambda p: p.stem,
)
def test_the_part_built_is_the_part_named(path: Path, request) -> None:
    config = load_config(path)
    tracker, detector, *_ = [*path.stem.split('_'), None]
    if config.model.tracker.type == 'RoboflowTracker':
        pytest.importorskip('trackers', reason='pip install trackers')
    has_reid = 'reid' in config.model
    if detector in WEIGHTS or has_reid:
        models = request.getfixturevalue('test_data') / 'data' / 'models'
        files = (WEIGHTS.get(detector), WEIGHTS['osnet'] if has_reid else None)
        set_config_weights(config, *(name and str(models / name) for name in files))
    model = MODELS.build(config.model)
    assert type(model.estimator.tracker).__name__ == config.model.tracker.type
    if config.model.detector is not None:
        assert type(model.estimator.detector).__name__ == config.model.detector.type
    built = type(model.estimator.tracker).__name__
    if built == 'MMDetTracker':  # mmdet calls ByteTrack ByteTracker
        inner = config.model.tracker.tracker.type.removesuffix('er')
        built = 'mmdet' + inner.removesuffix('Track').replace('Byte', 'ByteTrack')
    if built == 'RoboflowTracker':
        built = 'roboflow' + config.model.tracker.tracker.type.removesuffix('Tracker')
    assert built.lower() == tracker.replace('-', '')


def test_the_index_lists_every_config() -> None:
    index = yaml.safe_load((ROOT.parent / 'model-index.yml').read_text())
    listed = []
    for name in index['Import']:
        meta = yaml.safe_load((ROOT.parent / name).read_text())
        listed += [model['Config'] for model in meta['Models']]
    assert sorted(listed) == [str(p.relative_to(ROOT.parent)) for p in VARIANTS]


@pytest.mark.parametrize('kind', ['attention', 'mlp', 'addition'])
def test_an_ablation_of_the_tfm_changes_the_tfm_alone(kind: str) -> None:
    recipe = load_config('smoter/smoter_tiny_synsmot').to_dict()
    config = load_config(f'ablations/tfm-{kind}').to_dict()
    plain, other = (
        c['model']['semantics'].pop('trajectory_fusion') for c in (recipe, config)
    )
    assert config['model'] == recipe['model']
    for name in ('summary', 'encoding'):
        assert other[name] == plain[name]


@pytest.mark.parametrize(
    ('tracker', 'option', 'least'),
    [
        ('sort', 'score_threshold', 0.6),
        ('ocsort', 'det_threshold', 0.6),
        ('bytetrack', 'low_threshold', 0.1),
        ('deepsort', 'min_confidence', 0.6),
        ('strongsort', 'min_confidence', 0.6),
        ('botsort', 'low_threshold', 0.1),
        ('deepocsort', 'det_threshold', 0.6),
    ],
)
def test_a_tracker_states_the_scores_it_looks_at(
    tracker: str, option: str, least: float
) -> None:
    model = load_config(f'two_stage/{tracker}_yolox-nano').model
    assert model.tracker[option] == least
    assert model.detector.score_threshold == 0.1  # one cache serves them all


@pytest.mark.parametrize('name', ['dla34', 'r50', 'released'])
def test_tracks_of_a_tracker_are_made_over_neighbouring_frames(name: str) -> None:
    config = load_config(f'smoter/smoter_{name}_bensmot')
    gt_tracks = config.model.training.teacher_forcing_ratio == 1
    neighbours = config.train_dataloader.dataset.run_length is None
    assert gt_tracks != neighbours
    assert neighbours == (name == 'released')
