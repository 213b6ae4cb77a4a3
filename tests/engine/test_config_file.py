"""Python configs that cannot be read say why, in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmsmot.engine import load_config, require_config_model, set_config_weights
from mmsmot.registry import TRACKERS

SMALL = "model = dict(type='SMOT', detector=None, tracker=dict(type='SORT'))\n"


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'model = dict(', r"a\.py:1: no Python: '\(' was never closed"),
        (b'\xef\xbb\xbfmodel = 1', 'byte order mark.*UTF-8 without'),
        (b'\x8a\xff\x00', 'no text in UTF-8'),
        (b'a\x00b', 'no Python'),
        (b"_base_ = 'a.py'", r'a\.py: builds on itself'),
        (b"_base_ = ['b.py']", r'a\.py: builds on itself \(_base_ in .*b\.py\)'),
        (b"_base_ = ['c.py']", r'c\.py:1: no Python'),
        (b"_base_ = 'd' + '.json'", r"a\.py:1: _base_ must be .* got 'd' \+ '\.json'"),
        (b"_base_ = ['d.json']", r'd\.json: .*imports modules.*runs no code'),
        (b"x = _base_ = 'c.py'\n_base_ = 'd.json'", r'd\.json: .*imports modules'),
        (b'_c = 1\nmodel = _b', r"a\.py:2: NameError: name '_b' is not defined"),
        (b'model = [1, 2]', 'model: wants a dict with type, got .*list'),
        (b'model = ' + b'dict(a=' * 3000 + b'1' + b')' * 3000, 'no Python'),
        (b'model = dict(tracker=dict(max_age=1))', r'model\.type is missing'),
    ],
)
def test_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / 'a.py'
    path.write_bytes(content)
    (tmp_path / 'b.py').write_text("_base_ = 'a.py'\n")
    (tmp_path / 'c.py').write_text('model = )\n')
    imports = '{"custom_imports": {"imports": ["antigravity"]}}'
    (tmp_path / 'd.json').write_text(imports)
    before = [*sys.path]
    with pytest.raises((ValueError, KeyError), match=message) as caught:
        load_config(path)
    assert '\n' not in str(caught.value)
    assert sys.path == before
    assert 'antigravity' not in sys.modules


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text(SMALL)
    with pytest.raises(ValueError, match=r'a config ends in \.py, \.json'):
        load_config(path)


def test_a_config_without_a_model(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text('')
    config = load_config(path)
    for check in (
        require_config_model,
        lambda config: set_config_weights(config, None),
    ):
        with pytest.raises(KeyError, match=r'a\.py has no model'):
            check(config)


def test_a_neighbour_that_a_part_imports_when_it_is_built(tmp_path: Path) -> None:
    (tmp_path / 'part_of_test_config_file.py').write_text(
        'from mmsmot.registry import TRACKERS\n'
        '@TRACKERS.register_module()\n'
        'class LateImporter:\n'
        '    def __init__(self):\n'
        '        from neighbour_of_test_config_file import VALUE\n'
        '        self.value = VALUE\n'
    )
    (tmp_path / 'neighbour_of_test_config_file.py').write_text('VALUE = 5\n')
    path = tmp_path / 'a.py'
    path.write_text(
        SMALL.replace('SORT', 'LateImporter')
        + "custom_imports = dict(imports=['part_of_test_config_file'])\n"
    )
    before = [*sys.path]
    try:
        tracker = load_config(path).model.tracker
        assert TRACKERS.build(tracker).value == 5
    finally:
        sys.path[:] = before
        del TRACKERS.module_dict['LateImporter']


def test_a_package_that_hides_a_folder_of_its_name_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hiding = tmp_path / 'elsewhere' / 'systems_of_test_config_file' / '__init__.py'
    hiding.parent.mkdir(parents=True)
    hiding.touch()
    monkeypatch.syspath_prepend(tmp_path / 'elsewhere')
    (tmp_path / 'systems_of_test_config_file').mkdir()
    (tmp_path / 'systems_of_test_config_file' / 'part.py').touch()
    path = tmp_path / 'a.py'
    path.write_text(
        "custom_imports = dict(imports=['systems_of_test_config_file.part'])\n"
    )
    with pytest.raises(ImportError, match='which hides .*: rename') as caught:
        load_config(path)
    assert str(hiding) in str(caught.value)
    path.write_text("custom_imports = dict(imports=['numpy.nothing'])\n")
    with pytest.raises(ImportError, match='numpy.nothing') as caught:
        load_config(path)
    assert 'which hides' not in str(caught.value)


def test_an_option_that_cannot_be_set(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(SMALL + 'work_dir = "x"\n')
    for options in ({'work_dir.a': 1}, {'model.detector.a': {'b': 1}}):
        with pytest.raises(
            (ValueError, KeyError), match='cannot be set|unknown key|takes no'
        ):
            load_config(path, options)
