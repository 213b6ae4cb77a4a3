"""A part from its config."""

from __future__ import annotations

import pytest

from mmsmot.registry import TRANSFORMS, built

CONFIG = dict(type='TokenEncoding', channels=8)


def test_a_config_becomes_a_part_with_what_is_known() -> None:
    part = built(CONFIG, tokens=6)
    assert tuple(part.cell.shape) == (6, 8)
    assert dict(type='TokenEncoding', channels=8) == CONFIG  # not written to


def test_a_part_and_nothing_stay() -> None:
    part = built(CONFIG, tokens=6)
    assert built(part, tokens=4) is part
    assert built(None, tokens=6) is None


def test_a_config_that_contradicts_what_is_known() -> None:
    with pytest.raises(ValueError, match='TokenEncoding has tokens=4, .* must be 6'):
        built({**CONFIG, 'tokens': 4}, tokens=6)


def test_another_registry() -> None:
    assert type(built(dict(type='PackClip'), TRANSFORMS)).__name__ == 'PackClip'
