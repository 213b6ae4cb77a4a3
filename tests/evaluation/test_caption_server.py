"""The Java process behind METEOR: other locales, too little memory, killed parents."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsmot.evaluation import caption_server
from mmsmot.evaluation.caption_server import CaptionServer, CaptionServerError

pytest.importorskip('pycocoevalcap.meteor', reason='needs pycocoevalcap')
pytestmark = pytest.mark.skipif(shutil.which('java') is None, reason='needs java')

PARENT = """
import sys, time
from mmsmot.evaluation import caption_server
from mmsmot.evaluation.caption_server import CaptionServer
server = CaptionServer()
print(server._process.pid, flush=True)
many = [f'a man with number {i} walks to the left .' for i in range(200_000)]
server.meteor([[text] for text in many], many)
"""


def test_a_locale_with_decimal_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    # Unlike those of JAVA_TOOL_OPTIONS, these win over the command line's.
    monkeypatch.setenv('_JAVA_OPTIONS', '-Duser.language=de -Duser.country=DE')
    with CaptionServer(start_seconds=120) as server:
        segments, corpus = server.meteor(
            [['a man walks his dog'], ['a woman runs fast']],
            ['a man is walking a dog', 'the woman runs'],
        )
    # pycocoevalcap's own METEOR under an English locale.
    assert segments == pytest.approx([0.2804615939, 0.3001065939])
    assert corpus == pytest.approx(0.2878035014)


def test_a_folder_of_letters_that_the_locale_c_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'Müller Ördner'
    shutil.copytree(caption_server.CLASSES, folder)
    monkeypatch.setattr(caption_server, 'CLASSES', folder)
    monkeypatch.setenv('LC_ALL', 'C')
    with CaptionServer(start_seconds=120) as server:
        assert server.tokenize(['Müller runs.']) == ['müller runs .']


def test_too_little_memory_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('_JAVA_OPTIONS', '-Xmx48m')
    with (
        CaptionServer(start_seconds=120) as server,
        pytest.raises(CaptionServerError, match=r'(?s)METEOR \(exit.*OutOfMemory'),
    ):
        server.meteor([['a man walks']], ['a man walks'])


def test_java_that_gives_no_answer_is_ended(tmp_path: Path) -> None:
    java = tmp_path / 'java'
    java.write_text('#!/bin/sh\nexec sleep 60\n')
    java.chmod(0o755)
    start = time.monotonic()
    with (
        CaptionServer(str(java), start_seconds=0.5) as server,
        pytest.raises(CaptionServerError, match=r'no answer to METEOR within 0\.6 s'),
    ):
        server.meteor([['a man walks']], ['a man walks'])
    assert time.monotonic() - start < 30


@pytest.mark.skipif(os.name != 'posix', reason='kill -9')
def test_java_ends_when_its_parent_is_killed() -> None:
    """While it loads and scores, not only where it waits for a request."""
    parent = subprocess.Popen(
        [sys.executable, '-c', PARENT], stdout=subprocess.PIPE, text=True
    )
    with parent:
        java = int(parent.stdout.readline())
        time.sleep(1)  # the request is under way
        os.kill(parent.pid, signal.SIGKILL)
    for _ in range(100):
        if not _is_alive(java):
            return
        time.sleep(0.1)
    os.kill(java, signal.SIGKILL)
    pytest.fail('java outlived its parent by 10 s')


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    except FileNotFoundError:
        return False
    return state != 'Z'  # an orphan may wait for whoever adopted it
