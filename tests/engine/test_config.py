"""Configs are read, and what nobody would read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.engine import load_config, set_weights

SORT = 'two_stage/sort_public-detections'


@pytest.mark.parametrize('name', [SORT, f'{SORT}.py', f'mmsmot::{SORT}.py'])
def test_by_name(name: str) -> None:
    assert load_config(name).model.tracker.type == 'SORT'


def test_by_path(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text("model = dict(type='SMOT')\n")
    assert load_config(path).model.type == 'SMOT'


@pytest.mark.skipif(
    not (Path(__file__).parents[2] / 'mmsmot' / '.mim').exists(),
    reason='needs an installed mmsmot (make setup)',
)
def test_a_base_by_package_name_brings_no_scope(tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = ['mmsmot::{SORT}.py']\n")
    assert '_scope_' not in load_config(path).pretty_text


def test_an_unknown_name_lists_similar_ones() -> None:
    with pytest.raises(FileNotFoundError, match=r'sort_public-detections\.py'):
        load_config('two_stage/sort_public')


def test_options_are_set() -> None:
    config = load_config(SORT, {'model.tracker.max_age': 9, 'work_dir': 'x'})
    assert config.model.tracker.max_age == 9
    # An argument that the config leaves to its default is an argument all the same.
    assert load_config(SORT, {'model.batch_size': 2}).model.batch_size == 2


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('sort.max_age', r"did you mean 'model\.tracker\.max_age'"),
        ('model.tracker.max_agee', r"has no 'max_agee'.*'max_age'"),
        ('model.trackr.max_age', r"model has no 'trackr'.*'tracker'"),
        ('test_dataloader.dataset.dataroot', r"'data_root'"),
        ('workdir', r"nothing reads it.*'work_dir'"),
    ],
)
def test_an_option_that_nothing_reads_is_refused(key: str, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        load_config(SORT, {key: 1})


def test_an_unknown_part_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no tracker named 'SROT'.*'SORT'.*ByteTrack"):
        load_config(SORT, {'model.tracker.type': 'SROT'})


def test_a_part_outside_its_slot_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text("model = dict(type='SMOT')\ntracker = dict(type='SORT')\n")
    with pytest.raises(KeyError, match=r"a\.py:2: nothing reads 'tracker'"):
        load_config(path)


def test_weights_go_where_the_detector_wants_them() -> None:
    config = load_config('two_stage/bytetrack_yolox-nano')
    set_weights(config, 'a.onnx')
    assert config.model.detector.model == 'a.onnx'
    with pytest.raises(KeyError, match='no detector that takes weights'):
        set_weights(load_config(SORT), 'a.onnx')
    with pytest.raises(KeyError, match='no reid that takes weights'):
        set_weights(config, None, 'r.onnx')
