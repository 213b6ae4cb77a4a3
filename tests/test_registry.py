"""A part from its config."""

from __future__ import annotations

import pytest

from mmsmot.registry import TRANSFORMS, build_part

CONFIG = dict(type='TokenEncoding', channels=8)


def test_a_config_becomes_a_part_with_what_is_known() -> None:
    part = build_part(CONFIG, tokens=6)
    assert tuple(part.cell.shape) == (6, 8)
    assert dict(type='TokenEncoding', channels=8) == CONFIG  # not written to


def test_a_part_and_nothing_stay() -> None:
    part = build_part(CONFIG, tokens=6)
    assert build_part(part, tokens=4) is part
    assert build_part(None, tokens=6) is None


def test_a_config_that_contradicts_what_is_known() -> None:
    with pytest.raises(ValueError, match='TokenEncoding has tokens=4, .* must be 6'):
        build_part({**CONFIG, 'tokens': 4}, tokens=6)


def test_another_registry() -> None:
    assert type(build_part(dict(type='PackClip'), TRANSFORMS)).__name__ == 'PackClip'


def test_a_type_that_is_not_registered_names_similar_ones() -> None:
    message = "no transform named 'PackClips'. Did you mean 'PackClip'.*custom_imports"
    with pytest.raises(KeyError, match=message):
        build_part(dict(type='PackClips'), TRANSFORMS)
