"""Fixtures that every test may use, and the option that bounds what may be skipped."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: an example may take as long as it takes.
settings.register_profile('mmsmot', deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    text = 'fail where a test is skipped whose reason does not match this expression'
    parser.addoption('--may-skip', metavar='REGEX', help=text)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile('mmsmot')
    if (pattern := config.getoption('--may-skip')) is not None:
        config.pluginmanager.register(SkipGuard(pattern), 'skip-guard')


class SkipGuard:
    """Ends a session with an error where a test was skipped for a reason of no kind.

    Args:
        pattern: Of the reasons for which a test may be skipped.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern)
        self.forbidden: list[str] = []

    def pytest_runtest_logreport(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> None:
        if not report.skipped or hasattr(report, 'wasxfail'):
            return
        reason = report.longrepr[2]  # of (file, line, reason)
        if not self.pattern.search(reason):
            self.forbidden.append(f'{report.nodeid}: {reason}')

    pytest_collectreport = pytest_runtest_logreport  # of a whole file

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.forbidden and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        if self.forbidden:
            terminalreporter.section('may not be skipped here', red=True)
            terminalreporter.line('\n'.join(self.forbidden))


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
