"""Workers end when their parent does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsmot.utils.parent_process import end_with_parent, start_child_workers

PARENT = """
import multiprocessing, os, sys, time
from mmsmot.utils.parent_process import end_with_parent, start_child_workers

def work(path):
    end_with_parent()
    with open(path, 'w') as stream:
        stream.write(str(os.getpid()))
    time.sleep(60)

if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(path,)) for path in sys.argv[2:]]
    for worker in workers:
        worker.start()
    time.sleep(60)
"""
SECONDS = 30  # on a busy machine


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f'/proc/{pid}/stat')
    return not state.exists() or ') Z' not in state.read_text()


def wait_for(condition) -> bool:
    end = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.skipif(os.name == 'nt', reason='kills by a signal')
@pytest.mark.parametrize('method', ['fork', 'spawn'])
def test_a_killed_parent_leaves_no_worker(tmp_path: Path, method: str) -> None:
    script = tmp_path / 'parent.py'
    script.write_text(PARENT)
    files = [tmp_path / f'{number}.pid' for number in range(2)]
    command = [sys.executable, str(script), method, *map(str, files)]
    with subprocess.Popen(command) as parent:
        written = wait_for(lambda: all(f.exists() and f.read_text() for f in files))
        parent.send_signal(signal.SIGKILL)
    assert written
    pids = [int(file.read_text()) for file in files]
    assert wait_for(lambda: not any(map(is_alive, pids)))


def test_nothing_in_a_process_without_such_a_parent() -> None:
    end_with_parent()


INTERRUPTED = """
import multiprocessing, os, signal, sys, time
from mmsmot.utils.parent_process import start_child_workers

if __name__ != '__main__':
    time.sleep(2)  # as long as imports of a worker take

if __name__ == '__main__':
    with start_child_workers():
        worker = multiprocessing.get_context('spawn').Process(target=time.time)
        worker.start()
    print('started', flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        worker.join()
        print('interrupted, worker ended with', worker.exitcode)
"""


@pytest.mark.skipif(os.name == 'nt', reason='interrupts by a signal')
def test_a_worker_that_just_starts_leaves_ctrl_c_to_its_parent(tmp_path: Path) -> None:
    script = tmp_path / 'parent.py'
    script.write_text(INTERRUPTED)
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    command = [sys.executable, str(script)]
    with subprocess.Popen(
        command,
        start_new_session=True,
        # A shell's background job, as a run of all tests may be, ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **pipes,
    ) as parent:
        assert parent.stdout.readline() == 'started\n'
        time.sleep(1)
        os.killpg(parent.pid, signal.SIGINT)
        stdout, stderr = parent.communicate(timeout=SECONDS)
    assert stdout == 'interrupted, worker ended with 0\n'
    assert stderr == ''


def test_the_mask_of_signals_is_as_before() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with start_child_workers():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
