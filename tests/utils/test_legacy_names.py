"""Names of version 0.1 keep working, each with a warning that has the new name."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path

import pytest
import torch

from mmsmot import registry
from mmsmot.engine.config import load_config
from mmsmot.models.smot import SMOT
from mmsmot.models.vlm.crop_buffer import CropBuffer
from mmsmot.registry import TASK_UTILS, TRACKERS, build_part
from mmsmot.utils.checkpoint import load_weights
from mmsmot.utils.legacy_names import (
    ARGUMENTS,
    TYPES,
    WEIGHT_PREFIXES,
    upgrade_legacy_config,
    upgraded_legacy_options,
    upgraded_legacy_weights,
)
from tests.models.semantics.test_trajectory_semantics import DETECTOR, semantics

TRACKER = """
model = dict(
    type='SMOT',
    detector=dict(type='DetectionFile', path='x'),
    tracker=dict(type='ByteTrack', new_threshold=0.7),
    post_processing=[dict(type='LongEnough', min_frames=3)])
"""


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Warnings as they come."""
    messages: list[str] = []

    def record(message: str, logger=None, level: int = logging.INFO) -> None:
        assert level == logging.WARNING
        messages.append(str(message))

    monkeypatch.setattr('mmsmot.utils.legacy_names.print_log', record)
    return messages


@pytest.mark.parametrize(('old', 'new'), TYPES.items())
def test_every_old_type(old: str, new: str, warnings: list[str]) -> None:
    config = dict(parts=[dict(type=old), dict(type=f'mmsmot.{old}')])
    upgrade_legacy_config(config)
    assert [part['type'] for part in config['parts']] == [new, f'mmsmot.{new}']
    assert warnings == [
        f"parts.{row}: type='{scope}{old}' is called '{scope}{new}' now; the old name "
        'goes with the next release'
        for row, scope in enumerate(('', 'mmsmot.'))
    ]
    foreign = dict(type=f'mmdet.{old}', new_threshold=1)
    upgrade_legacy_config(foreign)  # another package's part
    assert foreign == dict(type=f'mmdet.{old}', new_threshold=1)


def test_old_types_and_arguments_name_what_there_is() -> None:
    registries = ('MODELS', 'TASK_UTILS', 'HOOKS', 'TRACKERS')
    for name in {*TYPES.values(), *ARGUMENTS}:
        parts = [getattr(registry, r).get(name) for r in registries]
        (part,) = {part for part in parts if part is not None} or {CropBuffer}
        parameters = inspect.signature(part).parameters
        assert {*ARGUMENTS.get(name, {}).values()} <= {*parameters}
        assert not {*ARGUMENTS.get(name, {})} & {*parameters}


def test_a_config_file_of_before(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / 'old.py'
    path.write_text(TRACKER)
    model = load_config(path).model
    assert model.tracker == dict(type='ByteTrack', birth_threshold=0.7)
    assert model.post_processing[0].type == 'MinTrackLength'
    assert len(warnings) == 2
    assert warnings[0].startswith(
        'model.tracker: new_threshold of ByteTrack is called birth_threshold now'
    )


def test_cfg_options_of_before(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / 'new.py'
    path.write_text(
        TRACKER.replace('new_threshold', 'birth_threshold').replace(
            'LongEnough', 'MinTrackLength'
        )
    )
    options = {
        'model.tracker.new_threshold': 0.6,
        'model.post_processing.0.type': 'LongEnough',
        'model.training': dict(type='ClipTraining', speaks=False),
        'model.training.true_tracks': 0.5,
    }
    upgraded = upgraded_legacy_options(options, load_config(path).to_dict())
    assert upgraded == {
        'model.tracker.birth_threshold': 0.6,
        'model.post_processing.0.type': 'MinTrackLength',
        'model.training': dict(type='ClipTraining', semantic_losses_enabled=False),
        'model.training.true_tracks': 0.5,
    }
    assert len(warnings) == 3
    model = load_config(path, {k: options[k] for k in [*options][:2]}).model
    assert model.tracker.birth_threshold == 0.6
    assert model.post_processing[0].type == 'MinTrackLength'
    assert 'model.tracker.new_threshold: new_threshold is called' in warnings[-1]


def test_options_in_a_dict_without_type(warnings: list[str]) -> None:
    part = dict(type='VisionLanguageSemantics', memory=dict(max_pictures=3))
    config = dict(semantics=part)
    upgrade_legacy_config(config)
    assert part['crop_buffer'] == dict(max_crops=3)
    options = {
        'semantics.memory.picture_size': 64,
        'semantics.crop_buffer.max_pair_pictures': 2,
    }
    assert upgraded_legacy_options(options, config) == {
        'semantics.crop_buffer.crop_size': 64,
        'semantics.crop_buffer.max_pair_crops': 2,
    }
    assert len(warnings) == 5


def test_an_old_key_over_a_new_one(warnings: list[str]) -> None:
    """A config of before that inherits from one of today."""
    part = dict(
        type='VisionLanguageSemantics',
        crop_buffer=dict(max_crops=4, crop_size=384),
        memory=dict(max_pictures=8),
    )
    upgrade_legacy_config(part)
    assert part['crop_buffer'] == dict(max_crops=8, crop_size=384)


def test_built_in_python(warnings: list[str]) -> None:
    config = dict(type='ByteTrack', new_threshold=0.7)
    tracker = build_part(config, TRACKERS)
    assert tracker.birth_threshold == 0.7
    assert config == dict(type='ByteTrack', new_threshold=0.7)  # not written to
    training = build_part(dict(type='ClipTraining', speaks=False), TASK_UTILS)
    assert training.semantic_losses_enabled is False
    tokens = build_part(dict(type='RelationTokens', num_verbs=2, channels=8, people=3))
    assert tokens.max_tracks == 3
    assert len(warnings) == 4


def test_the_config_file_of_before_in_base(tmp_path: Path) -> None:
    path = tmp_path / 'child.py'
    path.write_text(
        "_base_ = ['mmsmot::two_stage/sort_public-detections.py', "
        "'mmsmot::_base_/post_processing/long_enough.py']\n"
        'model = dict(post_processing=[_base_.long_enough])\n'
    )
    (part,) = load_config(path).model.post_processing
    assert part.type == 'MinTrackLength'


def old_name(name: str) -> str:
    for old, new in reversed(WEIGHT_PREFIXES):
        if name.startswith(new):
            name = old + name[len(new) :]
    return name


def build() -> SMOT:
    attention = dict(type='CrossTrackAttention', channels=16, num_heads=4)
    return SMOT(
        detector=DETECTOR,
        tracker=dict(type='SORT'),
        semantics=semantics() | dict(cross_track_attention=attention),
    )


def test_weights_of_version_0_1(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = build(), build()
    state = source.state_dict()
    old = {old_name(name): value for name, value in state.items()}
    changed = {*old} - {*state}
    for part in ('phrases.ask', 'phrases.tell', 'relations.whole', 'context.'):
        assert any(f'semantics.{part}' in name for name in changed), part
    assert any(name.startswith('detector.') for name in changed)
    torch.save({'state_dict': old}, tmp_path / 'old.pth')
    load_weights(target, str(tmp_path / 'old.pth'))
    for name, value in target.state_dict().items():
        assert torch.equal(value, state[name]), name
    again = build()
    again.load_state_dict(old)  # as --resume does
    assert torch.equal(
        again.semantics.bigram_head.classifier.weight,
        source.semantics.bigram_head.classifier.weight,
    )


def test_names_of_today_stay() -> None:
    """A model may have a part of its own by an old name."""
    weights = {'detector.w': 1, 'reid.w': 2, 'strange': 3}
    names = ['detector.w', 'estimator.reid.w']
    assert upgraded_legacy_weights(weights, names) == {
        'detector.w': 1,
        'estimator.reid.w': 2,
        'strange': 3,
    }
