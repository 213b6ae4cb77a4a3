"""Text from files and names, as a terminal may show it."""

from __future__ import annotations

import logging
import re
from typing import Any

# Control characters but tab and newline: a file's name may clear the screen, set the
# window's title or answer for the user. Those that turn the direction of writing let
# 'exe.gpj' look like 'jpg.exe'. Half surrogates stand for bytes that are no UTF-8.
UNPRINTABLE = re.compile(
    '[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)


def printable(text: Any) -> str:
    r"""A text with control characters as ``\x1b`` instead of themselves."""
    return UNPRINTABLE.sub(_escaped, str(text))


def log_printable_text() -> None:
    """Let every log record of this process be :func:`printable`."""
    if not isinstance(logging.getLogRecordFactory(), _PrintableRecords):
        logging.setLogRecordFactory(_PrintableRecords(logging.getLogRecordFactory()))


class _PrintableRecords:
    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.make(*args, **kwargs)
        try:
            message = record.getMessage()
        except Exception:  # of bad arguments: logging reports those where it formats
            return record
        if UNPRINTABLE.search(message):
            record.msg, record.args = printable(message), ()
        return record


def _escaped(match: re.Match) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    return f'\\x{code:02x}' if code < 0x100 else f'\\u{code:04x}'
