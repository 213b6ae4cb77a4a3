"""The progress bar of long work on a terminal."""

from __future__ import annotations

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)


def progress_bar(disable: bool = False) -> Progress:
    """A bar with description, count and time left; show it with ``with``."""
    return Progress(
        TextColumn('{task.description}', markup=False),  # a name may hold [brackets]
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        disable=disable,
    )
