"""Jobs side by side on this machine, under a budget of memory."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Any

RESERVE = 0.9  # of the memory that is free; the rest is for the file system's cache


class LocalLauncher:
    """Runs each job in a thread, which waits for the process that does the work.

    Args:
        jobs: How many run at a time.
        memory: GiB that all of them may take together; ``None``: nine tenths of what
            is free now, or no bound where the system does not tell.
    """

    def __init__(self, *, jobs: int = 1, memory: float | None = None) -> None:
        self.jobs = jobs
        self.memory = free_local_memory() if memory is None else memory
        self._running: dict[str, float] = {}
        self._ended: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    def has_room(self, memory: float) -> bool:
        """See :class:`~.launcher.Launcher`."""
        if len(self._running) >= self.jobs:
            return False
        return (
            self.memory is None or sum(self._running.values()) + memory <= self.memory
        )

    def submit(
        self,
        key: str,
        function: Callable[..., Any],
        *args: Any,
        memory: float,
        cpus: int = 1,
    ) -> None:
        """See :class:`~.launcher.Launcher`."""
        self._running[key] = memory
        threading.Thread(
            target=self._run, args=(key, function, args), name=key, daemon=True
        ).start()

    def wait(self) -> tuple[str, Any]:
        """See :class:`~.launcher.Launcher`."""
        key, outcome = self._ended.get()
        del self._running[key]
        return key, outcome

    def close(self) -> None:
        """The processes end with this one."""

    def _run(self, key: str, function: Callable[..., Any], args: tuple) -> None:
        try:
            outcome = function(*args)
        except BaseException as error:  # handed to who waits
            outcome = error
        self._ended.put((key, outcome))


def free_local_memory() -> float | None:
    """GiB that processes may take now; ``None`` where the system does not tell."""
    try:
        with open('/proc/meminfo', encoding='ascii') as stream:
            lines = dict(line.split(':', 1) for line in stream)
        return int(lines['MemAvailable'].split()[0]) / 2**20 * RESERVE
    except (OSError, KeyError, ValueError):
        pass
    try:
        total = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    except (AttributeError, OSError, ValueError):
        return None
    return total / 2**30 * RESERVE
