"""An OpenCV that cannot be used ends in the command that mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmsmot.utils.environment import OPENCV_COMMAND

ROOT = Path(__file__).parents[2]
NO_GL = "raise ImportError('libGL.so.1: cannot open shared object file')"


@pytest.mark.parametrize('module', ['datasets', 'visualization', 'engine'])
@pytest.mark.parametrize(('code', 'trouble'), [(NO_GL, 'libGL.so.1'), (None, 'empty')])
def test_the_command_is_told(
    tmp_path: Path, module: str, code: str | None, trouble: str
) -> None:
    """One without libGL; and what is left when one of two builds is uninstalled."""
    (tmp_path / 'cv2').mkdir()
    if code is not None:
        (tmp_path / 'cv2' / '__init__.py').write_text(code)
    else:
        (tmp_path / 'cv2' / '__init__.py').touch()
    done = subprocess.run(
        [sys.executable, '-c', f'import mmsmot.{module}'],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': f'{tmp_path}{os.pathsep}{ROOT}'},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert trouble in last
    assert last.endswith(OPENCV_COMMAND)


def test_the_readme_has_the_same_command() -> None:
    assert OPENCV_COMMAND in (ROOT / 'README.md').read_text(encoding='utf-8')
