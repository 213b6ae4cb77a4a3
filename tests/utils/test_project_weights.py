"""Weights that come with a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.utils import bundled_weights as module
from mmsmot.utils.bundled_weights import bundled_weights, weights_path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of the project ``other`` for its config ``net``."""
    path = tmp_path / 'projects' / 'other' / 'weights' / 'net.safetensors'
    path.parent.mkdir(parents=True)
    path.touch()
    monkeypatch.setattr(module, 'PROJECT_DIRS', (tmp_path / 'projects',))
    return path


@pytest.mark.parametrize(
    'config', ['projects/other/configs/net', '/a/projects/other/configs/net.py']
)
def test_a_config_of_the_project_finds_them(file: Path, config: str) -> None:
    assert bundled_weights(config) == file


@pytest.mark.parametrize(
    'config', ['projects/another/configs/net', 'projects/other/configs/nets', 'net']
)
def test_other_configs_do_not(file: Path, config: str) -> None:
    assert bundled_weights(config) is None


def test_they_are_found_however_the_path_is_typed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = tmp_path / 'projects' / 'other' / 'configs'
    configs.mkdir()
    (configs / 'net.py').touch()
    monkeypatch.chdir(configs)
    for config in ('net', 'net.py', '../configs/net.py'):
        assert bundled_weights(config) == file
    monkeypatch.chdir(configs.parent)
    assert bundled_weights('configs/net') == file


def test_two_projects_with_one_name_are_refused(file: Path, tmp_path: Path) -> None:
    twin = tmp_path / 'projects' / 'twin' / 'weights' / 'net.safetensors'
    twin.parent.mkdir(parents=True)
    twin.touch()
    with pytest.raises(ValueError, match=r'several projects.*other/.*, .*twin/'):
        weights_path('net')
    assert bundled_weights('projects/twin/configs/net') == twin


def test_an_option_names_them_unless_there_is_such_a_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights_path('net') == str(file)
    assert weights_path('net.pth') == 'net.pth'
    assert weights_path(None) is None
    monkeypatch.chdir(tmp_path)
    Path('net').touch()
    assert weights_path('net') == 'net'
