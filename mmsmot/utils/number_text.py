"""Numbers that stand in text files.

``float`` and ``int`` of Python take more than files of numbers hold: underscores
(``1_0`` is 10) and the digits of every script. A file with those was damaged, or written
by something that means another number.
"""

from __future__ import annotations


def parse_float(text: str) -> float:
    """A decimal number in ASCII digits, also ``nan`` and ``inf``.

    Raises:
        ValueError: It is none.
    """
    return float(_plain(text))


def parse_int(text: str) -> int:
    """A whole number in ASCII digits.

    Raises:
        ValueError: It is none.
    """
    return int(_plain(text))


def parse_number_texts(line: str) -> list[float]:
    """The numbers of a line, parted by commas, or by blanks where it has no comma.

    Commas and blanks at its end are left aside. An empty field is no number: it must
    not move the others to the left.

    Raises:
        ValueError: A field is no number.
    """
    text = _plain(line).strip().rstrip(', \t')
    return [
        float(field) for field in (text.split(',') if ',' in text else text.split())
    ]


def _plain(text: str) -> str:
    # isascii() first: a loop over letters for each line would take most of the time.
    is_plain = text.isascii() or all(c.isascii() or c.isspace() for c in text)
    if not is_plain or '_' in text:
        raise ValueError(f'expected a number in the digits 0 to 9, got {text[:80]!r}')
    return text
