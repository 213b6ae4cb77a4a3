"""What the checker says of ``mini``, found once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.datasets.synsmot.checks.checker import check_synsmot
from mmsmot.datasets.synsmot.checks.findings import Findings


@pytest.fixture(scope='session')
def mini_findings(mini: Path) -> Findings:
    """Counts and failed claims of ``mini``, seed 0."""
    return check_synsmot(mini)
