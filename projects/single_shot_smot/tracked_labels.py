"""The classes that are tracked."""

from __future__ import annotations

from collections.abc import Sequence

from mmsmot.utils.number_ranges import NON_NEGATIVE_INT


def tracked_labels(owner: str, labels: Sequence[int] | None) -> tuple[int, ...] | None:
    """The option ``labels`` of a part, checked.

    Args:
        owner: The part, for the message.
        labels: As its config has them; ``None`` for all classes.

    Raises:
        ValueError: They are no whole numbers from 0 on, or none at all.
    """
    if labels is None:
        return None
    is_list = hasattr(labels, '__iter__') and not isinstance(labels, str | bytes)
    numbers = tuple(labels) if is_list else ()
    if not numbers or any(number not in NON_NEGATIVE_INT for number in numbers):
        raise ValueError(
            f'{owner}: labels must be the whole numbers from 0 on of one class or more, '
            f'such as (0,), or None for all classes, got {labels!r}'
        )
    return numbers


def require_scored_labels(
    labels: tuple[int, ...] | None, num_classes: int, detector: str
) -> None:
    """Refuse labels that a detector has no scores of: nothing would be tracked.

    Args:
        labels: Of :func:`tracked_labels`.
        num_classes: Columns of the detector's scores.
        detector: Its name, for the message.

    Raises:
        ValueError: Names the labels and those that there are.
    """
    if labels is not None and max(labels) >= num_classes:
        raise ValueError(
            f'labels={labels}, but {detector} has scores of {num_classes} classes, labels '
            f'0 to {num_classes - 1}: set labels to some of them, or to None for all'
        )
