"""Configs that are data run no code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from mmsmot.engine import load_config
from mmsmot.utils.data_config import require_safe_config, require_safe_data_config

SORT = 'two_stage/sort_public-detections'
SMALL = dict(model=dict(type='SMOT', detector=None, tracker=dict(type='SORT')))


def write(path: Path, config: object) -> Path:
    is_json = path.suffix == '.json'
    path.write_text(json.dumps(config) if is_json else yaml.safe_dump(config))
    return path


@pytest.mark.parametrize('name', ['a.json', 'a.yaml', 'a.yml'])
def test_data_are_read(tmp_path: Path, name: str) -> None:
    config = {'model': {**SMALL['model'], 'tracker': dict(type='SORT', max_age=9)}}
    path = write(tmp_path / name, config)
    assert load_config(path).model.tracker.max_age == 9


def test_data_build_on_data_and_on_our_own_configs(tmp_path: Path) -> None:
    write(tmp_path / 'base.json', SMALL)
    child = dict(_base_='base.json', model=dict(tracker=dict(max_age=7)))
    assert load_config(write(tmp_path / 'a.yaml', child)).model.tracker.max_age == 7
    if (Path(__file__).parents[2] / 'mmsmot' / '.mim').exists():
        child['_base_'] = [f'mmsmot::{SORT}.py']
        assert load_config(write(tmp_path / 'b.json', child)).model.tracker.max_age == 7


@pytest.mark.parametrize('suffix', ['.json', '.yaml'])
@pytest.mark.parametrize('name', [SORT, 'smoter/smoter_tiny_synsmot'])
def test_a_dump_is_read_as_what_was_dumped(tmp_path, name: str, suffix: str) -> None:
    config = load_config(name)
    config.dump(tmp_path / f'a{suffix}')
    again = load_config(tmp_path / f'a{suffix}').model.to_dict()
    texts = [json.dumps(m, sort_keys=True) for m in (again, config.model.to_dict())]
    assert texts[0] == texts[1]


def test_a_key_that_is_mistyped(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json', {**SMALL, 'train_dataloder': {}})
    with pytest.raises(KeyError, match=r"'train_dataloder'.*mean 'train_dataloader'"):
        load_config(path)


CODE = [
    ({'model': {'type': 'os.system'}}, 'registered part of os'),
    ({'model': {'type': 'mmdet.apis.init_detector'}}, 'no name of a registered part'),
    ({'model': {'type': 'this'}}, 'it is a module'),
    ({'a': [[{'type': 'subprocess.call'}]]}, 'registered part of subprocess'),
    ({'a': {'type': "__import__('os').system('x')"}}, 'no name of a registered part'),
    ({'optim_wrapper': {'constructor': 'os.system'}}, 'registered part of os'),
    ({'custom_hooks': [{'ema_type': 'os.system'}]}, 'registered part of os'),
    ({'runner_type': 'os.system'}, 'registered part of os'),
    ({'a': {'conv_type': 'os.system'}}, 'registered part of os'),
    ({'a': {'resize_type': 'os.system'}}, 'registered part of os'),
    ({'custom_imports': {'imports': ['antigravity']}}, 'imports modules'),
    ({'custom_imports.imports': ['antigravity']}, 'imports modules'),
    ({'model.tracker.type': 'os.system'}, 'registered part of os'),
    ({'model': {'_scope_': 'antigravity', 'type': 'SMOT'}}, 'registered parts'),
    ({'default_scope': 'antigravity'}, 'registered parts'),
    ({'a': {'warp_mode': "__import__('os').getpid()"}}, 'evaluated'),
    ({'test_dataloader': {'dataset': {'ann_file': 'a.pkl'}}}, 'pickle'),
]


@pytest.mark.parametrize(('config', 'problem'), CODE)
def test_code_is_refused_and_not_run(config, problem: str) -> None:
    modules = {*sys.modules}
    with pytest.raises(ValueError, match=f'{problem}.*runs no code.*\\.py config'):
        require_safe_config(config)
    assert not {'antigravity', 'this'} & ({*sys.modules} - modules)


@pytest.mark.parametrize('suffix', ['.json', '.yaml'])
def test_of_a_file_it_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    for number, (config, problem) in enumerate(CODE):
        path = write(tmp_path / f'{number}{suffix}', config)
        with pytest.raises(ValueError, match=rf'{number}\{suffix}: .*{problem}'):
            load_config(path)


@pytest.mark.parametrize(
    'text',
    [
        'model: !!python/object/apply:os.system ["touch ran"]',
        'model: !!python/name:os.system',
        'a: !!python/object/new:type {args: [x, [], {}]}',
    ],
)
def test_tags_of_yaml_build_nothing(tmp_path: Path, monkeypatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.yaml').write_text(text)
    with pytest.raises(ValueError, match='a.yaml: no YAML that could be a config'):
        load_config('a.yaml')
    # Nor below a Python config, which itself is code.
    (tmp_path / 'b.py').write_text("_base_ = ['a.yaml']\n")
    with pytest.raises(ValueError, match='a.yaml: no YAML that could be a config'):
        load_config('b.py')
    assert not (tmp_path / 'ran').exists()


def test_a_base_that_is_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'evil.py').write_text("open('ran', 'w')\n")
    for base in (
        'evil.py',
        ['evil.py'],
        'mmdet::x.py',
        f'mmsmot::../../{tmp_path.name}/evil.py',
    ):
        path = write(tmp_path / 'a.json', {'_base_': base, **SMALL})
        with pytest.raises(
            ValueError, match=r'_base_ .* (is code|no config of mmsmot)'
        ):
            load_config(path)
    path = write(tmp_path / 'a.json', {'_base_': 'b.json'})
    write(tmp_path / 'b.json', {'_base_': 'evil.py'})
    with pytest.raises(ValueError, match='b.json: _base_ .*evil.py.* is code'):
        load_config(path)
    with pytest.raises(ValueError, match='_base_ wants paths'):
        load_config(write(path, {'_base_': [5]}))
    detector = dict(type='MMDetDetector', config=str(tmp_path / 'evil.py'))
    model = {'model': {**SMALL['model'], 'detector': detector}}
    with pytest.raises(ValueError, match='detector.config = .* it is Python code'):
        load_config(write(path, model))
    assert not (tmp_path / 'ran').exists()


def test_text_that_mmengine_replaces_is_refused(tmp_path: Path) -> None:
    """What is walked must be what MMEngine reads."""
    path = write(tmp_path / 'a.json', {'model': {'ty{{$X:pe}}': 'os.system'}})
    with pytest.raises(ValueError, match=r'has a "\{\{"'):
        load_config(path)


def test_bases_in_a_ring(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json', {'_base_': 'a.json'})
    with pytest.raises(ValueError, match='a.json: builds on itself'):
        load_config(path)
    write(path, {'_base_': 'b.yaml'})
    write(tmp_path / 'b.yaml', {'_base_': 'a.json'})
    with pytest.raises(ValueError, match='a.json: builds on itself'):
        load_config(path)


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('a.json', b'', 'no JSON'),
        ('a.yaml', b'', 'a config is a dict'),
        ('a.json', b'[1]', 'a config is a dict'),
        ('a.json', b'\x00\xff', 'no JSON'),
        ('a.json', b'[' * 100_000, 'no JSON'),
        ('a.yaml', b'[' * 20_000, 'no YAML'),
        ('a.json', b'{"a": ' * 500 + b'1' + b'}' * 500, 'nested over 64'),
        ('a.json', b' ' * (5 << 20), 'more than the 4,194,304 bytes'),
        ('a.json', b'\xef\xbb\xbf{}', 'no JSON'),
    ],
)
def test_what_is_no_config(tmp_path: Path, name: str, content: bytes, message) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'{name}: .*{message}|{message}'):
        require_safe_data_config(path)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes with a name')
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'a.json')
    with pytest.raises(ValueError, match=r'a\.json: expected a file, found a pipe'):
        require_safe_data_config(tmp_path / 'a.json')


def test_aliases_that_make_billions(tmp_path: Path) -> None:
    lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    lines += [f'a{i}: &a{i} [{", ".join([f"*a{i - 1}"] * 9)}]' for i in range(1, 10)]
    path = tmp_path / 'a.yaml'
    path.write_text('\n'.join(lines))
    with pytest.raises(ValueError, match=r'over 200,000 values'):
        load_config(path)


@pytest.mark.parametrize(
    'config',
    [
        {'nms': {'type': 'nms', 'iou_threshold': 0.6}},
        {'decoder': {'type': 'gpt2'}},
        {'decoder': {'type': 'xlm-roberta'}},
        {'optimizer': {'type': 'AdamW'}},
        {'model': {'type': 'mmdet.CenterNet'}},
        {'norm_cfg': {'type': 'BN'}, 'act_cfg': {'type': None}},
        {'model': {'type': 'mmengine.ImgDataPreprocessor', '_scope_': 'mmsmot'}},
        {'model.detector.type': 'mmdet.FasterRCNN', 'work_dir': 'a.b/c.d'},
    ],
)
def test_what_names_parts_alone_is_read(config) -> None:
    require_safe_config(config)


@pytest.mark.parametrize(
    'options',
    [{'model.tracker.type': 'os.system'}, {'custom_hooks': [{'type': 'os.system'}]}],
)
def test_options_are_data_too(options) -> None:
    with pytest.raises(ValueError, match='--cfg-options .*os.system.*runs no code'):
        load_config(SORT, options)
    with pytest.raises(ValueError, match='nested over 64'):
        load_config(SORT, {'.'.join('a' * 10_000): 1})


def test_other_keys_that_end_in_type_are_values(tmp_path: Path) -> None:
    config = {'a': {'data_type': 'image/jpeg', 'crop_type': 'absolute_range'}}
    require_safe_config(config)
    path = write(tmp_path / 'a.json', {**SMALL, 'env_cfg': {'media_type': 'a.b/c'}})
    assert load_config(path).env_cfg.media_type == 'a.b/c'
