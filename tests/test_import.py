"""Importing stays light, and says what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


def test_light_modules_load_nothing_heavy() -> None:
    done = python(
        'import sys, mmsmot, mmsmot.structures, mmsmot.models.trackers\n'
        'import mmsmot.evaluation\n'
        'heavy = "torch mmcv mmdet transformers scipy.optimize cv2".split()\n'
        'print([name for name in heavy if name in sys.modules])'
    )
    assert done.stdout.strip() == '[]', done.stdout + done.stderr


def test_without_mmengine_the_package_imports_and_says_what_to_do() -> None:
    done = python(
        'import sys\n'
        'class Block:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        '        if name.split(".")[0] == "mmengine":\n'
        '            raise ImportError(name)\n'
        'import importlib.util\n'
        'find = importlib.util.find_spec\n'
        'importlib.util.find_spec = lambda name, *a: '
        'None if name == "mmengine" else find(name, *a)\n'
        'sys.meta_path.insert(0, Block())\n'
        'import mmsmot\n'
        'print(mmsmot.__version__)\n'
        'import mmsmot.registry'
    )
    assert done.stdout.strip() == '0.2.0'
    assert "pip install 'mmsmot[onedl]'" in done.stderr
