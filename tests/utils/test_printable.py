"""Names from anywhere are shown without being obeyed."""

from __future__ import annotations

import pytest

from mmsmot.utils.printable import printable


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'),
        ('a\rb\x08', 'a\\x0db\\x08'),
        ('\x9b31m', '\\x9b31m'),
        ('\u202egpj.exe', '\\u202egpj.exe'),
        ('a\udcffb', 'a\\xffb'),  # a byte that is no UTF-8
        ('straße\t街\n', 'straße\t街\n'),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
