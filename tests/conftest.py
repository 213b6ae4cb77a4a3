"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def test_data() -> Path:
    """The folder of real videos, sequences and published outputs."""
    folder = os.environ.get('MMSMOT_TEST_DATA')
    if not folder:
        pytest.skip('needs real data: set MMSMOT_TEST_DATA to the folder that holds it')
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f'MMSMOT_TEST_DATA={folder} is not a folder')
    return path.resolve()


@pytest.fixture(scope='session')
def goldens(test_data: Path) -> Path:
    """Outputs of the original trackers."""
    return test_data / 'goldens'
