"""Worker processes that end when their parent does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process, resource_tracker

PARENT_IS_GONE = 1  # exit code that nobody is left to read


def end_with_parent() -> None:
    """Let this worker process end as soon as the process that started it is gone.

    Call it first in a worker of :mod:`multiprocessing`, by fork or spawn, as the
    initializer of a pool or a DataLoader's ``worker_init_fn``. A parent that is killed
    tells its workers nothing, and they would wait, or compute, for ever. Ctrl-C, which a
    terminal sends to all of them, is left to the parent too: a worker would print a
    traceback. Does nothing in a process that has no such parent.
    """
    parent = parent_process()
    if parent is None:
        return
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(
        target=_wait_and_end, args=(parent.sentinel,), name='parent watch', daemon=True
    ).start()


def _wait_and_end(sentinel: int) -> None:
    connection.wait([sentinel])  # asleep until the parent's end of a pipe is closed
    # Not sys.exit: the worker's queues would be flushed into pipes that nobody reads.
    os._exit(PARENT_IS_GONE)


@contextmanager
def start_child_workers() -> Iterator[None]:
    """Let worker processes that start in this block leave Ctrl-C to their parent.

    A spawned worker imports modules for seconds before :func:`end_with_parent` can run in
    it, and prints a traceback where it is interrupted then. What it starts with, it
    inherits: Ctrl-C that comes in the block reaches the parent when the block ends.
    """
    if not hasattr(signal, 'pthread_sigmask'):  # Windows has none
        yield
        return
    resource_tracker.ensure_running()  # which lets signals through again when it starts
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
