"""Jobs side by side on this machine, under a budget of memory."""

from __future__ import annotations

import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

VISIBLE_GPUS = 'CUDA_VISIBLE_DEVICES'
RESERVE = 0.9  # of the memory that is free; the rest is for the file system's cache


class LocalLauncher:
    """Runs each job in a thread, which waits for the process that does the work.

    Args:
        jobs: How many run at a time.
        memory: GiB that all of them may take together; ``None``: nine tenths of what
            is free now, or no bound where the system does not tell.
        gpus: Names of the GPUs, as in ``CUDA_VISIBLE_DEVICES``; ``None``: those that this
            process sees. A job gets those with the fewest other jobs.
    """

    def __init__(
        self,
        *,
        jobs: int = 1,
        memory: float | None = None,
        gpus: Sequence[str] | None = None,
    ) -> None:
        self.jobs = jobs
        self.memory = free_local_memory() if memory is None else memory
        self.gpus = visible_gpus() if gpus is None else [*gpus]
        self._gpus_of: dict[str, list[str]] = {}
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
        gpus: int = 0,
    ) -> None:
        """See :class:`~.launcher.Launcher`."""
        self._running[key] = memory
        if gpus and self.gpus:
            self._gpus_of[key] = self._least_used_gpus(gpus)
            environment = {VISIBLE_GPUS: ','.join(self._gpus_of[key])}
            function = partial(function, environment=environment)
        threading.Thread(
            target=self._run, args=(key, function, args), name=key, daemon=True
        ).start()

    def wait(self) -> tuple[str, Any]:
        """See :class:`~.launcher.Launcher`."""
        key, outcome = self._ended.get()
        del self._running[key]
        self._gpus_of.pop(key, None)
        return key, outcome

    def close(self) -> None:
        """The processes end with this one."""

    def _least_used_gpus(self, count: int) -> list[str]:
        uses = Counter(gpu for gpus in self._gpus_of.values() for gpu in gpus)
        return sorted(self.gpus, key=uses.__getitem__)[:count]

    def _run(self, key: str, function: Callable[..., Any], args: tuple) -> None:
        try:
            outcome = function(*args)
        except BaseException as error:  # handed to who waits
            outcome = error
        self._ended.put((key, outcome))


def visible_gpus() -> list[str]:
    """Names of the GPUs that this process sees, as in ``CUDA_VISIBLE_DEVICES``."""
    import torch

    names = os.environ.get(VISIBLE_GPUS)
    count = torch.cuda.device_count()  # of those that the variable names
    if names is None:
        return [str(number) for number in range(count)]
    return [name.strip() for name in names.split(',')][:count]


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
