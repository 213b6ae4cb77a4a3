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
    ) -> None:
        """Start ``function(*args)`` under a key; ``memory`` in GiB."""

    def wait(self) -> tuple[str, Any | BaseException]:
        """The key of a job that has ended, and what it returned or raised."""

    def close(self) -> None:
        """Give back what was taken; jobs that run are ended."""
