"""What a search is over: ranges of numbers in a config, and the score that counts."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...utils.number_ranges import COUNT, require_numbers

KEYS = ('space', 'trials', 'metric', 'split', 'seed')


@dataclass(frozen=True)
class Search:
    """What is searched for.

    Attributes:
        space: The least and the greatest value of each dotted key, both included.
        trials: How many values are tried, the config's own among them.
        metric: Name of the score, or its end; the greatest is the best.
        split: Of the dataset that the tests are run on; never ``'test'``.
        seed: Of the sampler.
    """

    space: dict[str, tuple[float, float]]
    trials: int
    metric: str
    split: str = 'val'
    seed: int = 0


def read_search(value: Any, location: str) -> Search:
    """The search that a sweep file describes.

    Raises:
        ValueError: Something is missing, unknown or no range.
    """
    if not isinstance(value, Mapping) or not {'space', 'trials', 'metric'} <= {*value}:
        raise ValueError(
            f"{location}: expected dict(space={{'model.tracker.max_age': [10, 90]}}, "
            f"trials=50, metric='HOTA'), got {value!r:.120}"
        )
    if unknown := [key for key in value if key not in KEYS]:
        raise ValueError(
            f'{location}: unknown key {unknown[0]!r:.60}; it has {", ".join(KEYS)}'
        )
    require_numbers(location, COUNT, trials=value['trials'])
    space = {}
    for key, bounds in value['space'].items():
        is_pair = isinstance(bounds, list | tuple) and len(bounds) == 2
        if (
            not is_pair
            or not all(is_searchable_number(b) for b in bounds)
            or bounds[0] >= bounds[1]
        ):
            raise ValueError(
                f'{location}.space[{key!r}]: expected [least, greatest], got {bounds!r:.80}'
            )
        space[key] = tuple(bounds)
    if not space:
        raise ValueError(f'{location}.space: is empty')
    if value.get('split', 'val') == 'test':
        raise ValueError(
            f"{location}: split='test': what is chosen on the test split is not tested by it; "
            "take 'val'"
        )
    return Search(**{**value, 'space': space})


def is_searchable_number(value: Any) -> bool:
    """Whether a value is a number that can be searched for."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
