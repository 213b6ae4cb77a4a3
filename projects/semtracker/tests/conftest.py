"""A SynSMOT of six clips, made once, and tools with options."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mmsmot.datasets.synsmot.build import write_built_clip
from mmsmot.datasets.synsmot.settings import VERSION, ClipSettings
from tests.conftest import test_data

__all__ = ['test_data']

CLIPS = [
    ('train', 0),
    ('train', 3),
    ('train', 6),
    ('train', 14),
    ('val', 0),
    ('val', 1),
]


@pytest.fixture(scope='session')
def synsmot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stories of hugging, leading, giving and passing a ball; not to be written to."""
    root = tmp_path_factory.mktemp('synsmot')
    settings = ClipSettings()
    for split, index in CLIPS:
        write_built_clip(root, 0, index, split, settings)
    facts = dict(size='mini', seed=0, version=VERSION, settings=settings.facts())
    (root / 'synsmot.json').write_text(json.dumps(facts))
    return root


@pytest.fixture
def run_tool(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Calls a tool's ``main`` with options."""

    def call(tool: ModuleType, *options: object) -> None:
        monkeypatch.setattr(sys, 'argv', [tool.__name__, *map(str, options)])
        tool.main()

    return call
