"""Names from anywhere are shown without being obeyed."""

from __future__ import annotations

import logging

import pytest

from mmsmot.utils.printable import log_printable_text, printable


@pytest.mark.parametrize(
    ('text', 'escaped'),
    [
        ('\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'),
        ('a\rb\x08', 'a\\x0db\\x08'),
        ('\x9b31m', '\\x9b31m'),
        ('\u202egpj.exe', '\\u202egpj.exe'),
        ('a\udcffb', 'a\\xffb'),  # a byte that is no UTF-8
        ('straße\t街\n', 'straße\t街\n'),
    ],
)
def test_control_characters_are_escaped(text: str, escaped: str) -> None:
    assert printable(text) == escaped


def test_a_log_call_with_bad_arguments_does_not_end_the_program(
    capsys: pytest.CaptureFixture,
) -> None:
    """Logging itself prints such a call, with where it is, and goes on."""
    factory = logging.getLogRecordFactory()
    logger = logging.Logger('bad')
    logger.addHandler(logging.StreamHandler())
    try:
        log_printable_text()
        logger.warning('%d frames', 'many')
        logger.warning('%s \x1b', 'good')
    finally:
        logging.setLogRecordFactory(factory)
    err = capsys.readouterr().err
    assert '--- Logging error ---' in err
    assert err.endswith('good \\x1b\n')
