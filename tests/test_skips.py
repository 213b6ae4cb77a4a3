"""``--may-skip`` lets no test be skipped in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

def test_passes(): pass

@pytest.mark.skipif(True, reason='needs a GPU')
def test_on_a_gpu(): pass

@pytest.mark.xfail
def test_that_is_known_to_fail(): assert False
"""
FILE = "import pytest\npytest.importorskip('no_such_thing', reason='needs a browser')\n"


@pytest.mark.parametrize(
    ('pattern', 'code', 'told'),
    [
        ('GPU|browser', 0, ''),
        ('GPU', 1, 'test_b.py: '),
        ('browser', 1, '::test_on_a_gpu'),
    ],
)
def test_other_reasons_fail(tmp_path: Path, pattern: str, code: int, told: str) -> None:
    (tmp_path / 'test_a.py').write_text(TESTS)
    (tmp_path / 'test_b.py').write_text(FILE)
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'pytest', '-p', 'tests.conftest', '--color=no'),
            *(f'--may-skip={pattern}', '--rootdir', tmp_path, tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ('may not be skipped here' in done.stdout) == bool(code)
    assert told in done.stdout
    # The closing line stays the last one.
    assert '1 passed, 2 skipped, 1 xfailed' in done.stdout.splitlines()[-1]
