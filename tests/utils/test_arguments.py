"""Values of another kind than a part's constructor names are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from mmsmot.utils.arguments import require_arguments

if TYPE_CHECKING:
    from nowhere import Unknown


class Tracker:
    pass


class Part:
    def __init__(
        self,
        *,
        tracker: dict | Tracker = None,
        parts: Sequence[dict | Callable] = (),
        labels: Sequence[int] | None = None,
        size: tuple[int, int] = (1, 1),
        mode: Literal['a', 'b'] = 'a',
        file: str | Path = 'x',
        folder: Path = Path(),
        array: np.ndarray | None = None,
        anything: Any = None,
        unknown: Unknown = None,
    ) -> None:
        pass


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (dict(tracker='SORT'), "tracker: Part wants a dict or Tracker, got 'SORT'"),
        (dict(tracker=[{}]), 'tracker: Part wants a dict'),
        (dict(parts={'type': 'A'}), r'parts: Part wants a list \(of a dict or a func'),
        (dict(parts=['A']), 'parts: Part wants a list'),
        (dict(labels=3), 'labels: .* a list .* or None, got 3'),
        (dict(labels=['3']), 'labels: .* a list'),
        (dict(size=5), 'size: .* a list'),
        (dict(mode='c'), "mode: Part wants 'a' or 'b', got 'c'"),
        (dict(file=3), 'file: Part wants text'),
    ],
)
def test_refused(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_arguments(Part, given, 'model')


@pytest.mark.parametrize(
    'given',
    [
        dict(tracker=None),  # its default
        dict(tracker=Tracker(), parts=[{'type': 'A'}, len]),
        dict(labels=None, size=[3, 4], mode='b', file=Path('x'), folder='x'),
        dict(labels=np.array([1]), array=[1.0], anything='x', unknown=3),
    ],
)
def test_taken(given: dict) -> None:
    require_arguments(Part, given, 'model')


def test_a_message_shows_no_page_of_text() -> None:
    with pytest.raises(ValueError) as caught:
        require_arguments(Part, dict(size='x' * 10_000), 'model')
    assert len(str(caught.value)) < 200
