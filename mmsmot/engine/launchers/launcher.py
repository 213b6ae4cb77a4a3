"""What runs jobs side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Launcher(Protocol):
    """Where jobs run: in processes of this machine, on a Ray cluster, ..."""

    def has_room(self, memory: float) -> bool:
        """Whether one more job of so many GiB may start now."""

    def submit(
        self,
        key: str,
        function: Callable[..., Any],
        *args: Any,
        memory: float,
        cpus: int = 1,
        gpus: int = 0,
    ) -> None:
        """Start ``function(*args)`` under a key.

        Args:
            key: Of the job.
            function: Does it.
            *args: Its arguments.
            memory: GiB that it takes.
            cpus: Processors that it takes.
            gpus: GPUs that it uses where there are some. Where ``function`` runs in this
                process, it gets those chosen for it as its argument ``environment``: the
                variables of the processes that it starts.
        """

    def wait(self) -> tuple[str, Any | BaseException]:
        """The key of a job that has ended, and what it returned or raised."""

    def close(self) -> None:
        """Give back what was taken; jobs that run are ended."""
