"""A ``mini`` made once for all tests, and scripts of one or two people by hand."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.synsmot import make_synsmot
from mmsmot.datasets.synsmot.appearance import Appearance, random_appearance
from mmsmot.datasets.synsmot.camera import CameraPath
from mmsmot.datasets.synsmot.script import Actor, Script, ScriptedAction, ScriptedLight

FACING_US = -math.pi / 2


@pytest.fixture(scope='session')
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset ``mini``, seed 0, made by two workers; not to be written to."""
    return make_synsmot(tmp_path_factory.mktemp('synsmot') / 'mini', workers=2)


@pytest.fixture(scope='session')
def tree() -> Callable[[Path], dict[str, str]]:
    """Relative path to the digest of each file under a folder."""

    def digests(root: Path) -> dict[str, str]:
        return {
            path.relative_to(root).as_posix(): hashlib.md5(
                path.read_bytes(), usedforsecurity=False
            ).hexdigest()
            for path in sorted(root.rglob('*'))
            if path.is_file()
        }

    return digests


@pytest.fixture
def look() -> Appearance:
    """A man in red without hat and backpack."""
    dressed = random_appearance(np.random.default_rng(3), 'man', 'red')
    return Appearance(**{**vars(dressed), 'hat': '', 'backpack': ''})


@pytest.fixture
def play(look: Appearance) -> Callable[..., Script]:
    """A script of people who stand at given places, (x, z) in metres each."""

    def make(*places: tuple[float, float], frames: int = 2, **changes) -> Script:
        actors = tuple(
            Actor(
                n, look, (ScriptedAction('stand', 0, frames, at, at, FACING_US),), 0.0
            )
            for n, at in enumerate(places, start=1)
        )
        parts = {
            'activity': 'talking',
            'setting': 'plaza',
            'num_frames': frames,
            'fps': 8.0,
            'width': 320,
            'height': 192,
            'actors': actors,
            'things': (),
            'occluders': (),
            'camera': CameraPath.still(frames),
            'light': ScriptedLight(1.0, 1.0, 0.0, 0.0),
            'seed': 1,
        }
        return Script(**{**parts, **changes})

    return make
