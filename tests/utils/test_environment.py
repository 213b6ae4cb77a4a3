"""Commands that install what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmsmot.utils.environment import INSTALL, install_command


@pytest.mark.parametrize(
    ('module', 'command'),
    [
        ('lap', "pip install 'mmsmot[mmdet-trackers]'"),
        ('trackers.core', "pip install 'mmsmot[roboflow]'"),
        ('cv2', "pip install --force-reinstall --no-deps 'opencv-python-headless<5'"),
        ('torch.cuda', 'pip install torch'),
        ('unheard_of', 'pip install unheard_of'),
    ],
)
def test_the_command_of_a_module(module: str, command: str) -> None:
    assert install_command(module) == command


def test_every_extra_that_is_named_exists() -> None:
    text = (Path(__file__).parents[2] / 'setup.py').read_text(encoding='utf-8')
    extras = {*re.findall(r'mmsmot\[(.+?)\]', ' '.join(INSTALL.values()))}
    assert {'onedl', 'onnx', 'semantics', 'captions', 'mmdet-trackers'} <= extras
    assert all(re.search(rf"^        '{extra}': ", text, re.M) for extra in extras)
