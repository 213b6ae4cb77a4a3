"""Command-line tools: types for argparse, and :func:`run_tool`, which ends them."""

from __future__ import annotations

import math
import os
import select
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NoReturn

from mmengine.config import DictAction

from .config_value import dict_value
from .environment import install_command
from .number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    POSITIVE,
    NumberRange,
)
from .number_text import parse_float, parse_int
from .printable import log_printable_text, printable
from .user_errors import (
    INPUT_TOO_LARGE,
    is_caused_by_interrupt,
    is_for_users,
    is_raised_by_mmsmot,
    is_unusable_path_error,
    last_line_in_mmsmot,
    remote_traceback,
)

TRACEBACK_VARIABLE = 'MMSMOT_TRACEBACK'  # set to 1: always the whole traceback
INTERRUPTED = 'what was finished is kept, the same command goes on'

CONFIG = (
    'config file, or a name below configs/ such as '
    'two_stage/bytetrack_public-detections (configs/two_stage/README.md lists them)'
)
CFG_OPTIONS = (
    'keys of the config to set: KEY=VALUE ..., as model.tracker.max_age=9; '
    'tools/misc/print_config.py CONFIG shows the keys'
)
SEED = NumberRange(0, 2**32 - 1, integer=True)  # what NumPy's older generator takes


class CfgOptions(DictAction):
    """MMEngine's KEY=VALUE, and dicts for parts; anything else is an error of argparse."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        for value in values:
            key, sign, _ = value.partition('=')
            if not (key and sign):
                parser.error(f'{option_string}: expected KEY=VALUE, got {value[:80]!r}')
            try:
                super().__call__(parser, namespace, [value], option_string)
            except (AssertionError, RecursionError, ValueError) as error:
                text = str(error)[:80] or type(error).__name__
                parser.error(f'{option_string}: {key[:80]}: no value: {text}')

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        part = dict_value(val)
        return DictAction._parse_iterable(val) if part is None else part


def command_line_number(allowed: NumberRange) -> Callable[[str], int | float]:
    """A type for argparse: a number of a range, ``type=command_line_number(SEED)``."""

    def parse(text: str) -> int | float:
        try:
            value = parse_int(text) if allowed.integer else parse_float(text)
        except ValueError:
            value = math.nan  # in no range
        if value not in allowed:
            raise ArgumentTypeError(f'expected {allowed}, got {text[:80]!r}')
        return value

    return parse


seed_arg, count_arg = command_line_number(SEED), command_line_number(COUNT)
non_negative_int_arg, non_negative_arg = map(
    command_line_number, (NON_NEGATIVE_INT, NON_NEGATIVE)
)
positive_arg, fraction_arg = (
    command_line_number(POSITIVE),
    command_line_number(FRACTION),
)


@contextmanager
def tool_imports() -> Iterator[None]:
    """Import what a tool needs in this block: a missing package is named in one line."""
    try:
        yield
    except KeyboardInterrupt:
        _end(130, 'interrupted')
    except ImportError as error:
        if os.environ.get(TRACEBACK_VARIABLE) == '1':
            raise
        _end(1, f'{type(error).__name__}: {_message(error)}')


def run_tool(
    main: Callable[[], int | None], interrupted: str = INTERRUPTED, failed: int = 1
) -> None:
    """Run a tool; an error that its user can mend ends it in one line.

    Those are what mmsmot itself raises, here or in a worker, whatever is missing on the
    disk, in the network or among the installed packages, and input that cannot be held.
    Any other error keeps its traceback. Log records are shown without control
    characters.

    Args:
        main: The tool; returns an exit code or ``None``.
        interrupted: For the message after Ctrl-C: what is kept.
        failed: Exit code of an error.
    """
    log_printable_text()
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        _end(130, f'interrupted; {interrupted}')
    except Exception as error:
        if is_caused_by_interrupt(error):
            _end(130, f'interrupted; {interrupted}')
        if isinstance(error, BrokenPipeError) and _has_no_reader(sys.stdout):
            # As of  | head : the output was enough, and Python must not flush the rest.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if os.environ.get(TRACEBACK_VARIABLE) == '1' or not is_for_users(error):
            raise
        _end(failed, f'{type(error).__name__}: {_message(error)}')
    else:
        if code is not None:
            sys.exit(code)


def _has_no_reader(stream: IO[str]) -> bool:
    """Whether the other end of a stream is closed; other pipes break by errors."""
    try:
        stream.flush()
    except BrokenPipeError:
        return True
    if not hasattr(select, 'poll'):  # on Windows
        return False
    try:
        descriptor = stream.fileno()
    except OSError:  # of a stream in memory
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _end(code: int, message: str) -> NoReturn:
    if code == 1:
        sys.exit(printable(message))  # Python prints it
    print(printable(message), file=sys.stderr)
    sys.exit(code)


def _message(error: Exception) -> str:
    if isinstance(error, ImportError):
        command = install_command(error.name) if error.name else None
        return f'{error}' + (f'; get it by  {command}' if command else '')
    if isinstance(error, INPUT_TOO_LARGE) and not is_raised_by_mmsmot(error):
        line = last_line_in_mmsmot(error)
        return f'{error or "no memory"} (in {line}; {TRACEBACK_VARIABLE}=1 shows where)'
    if is_unusable_path_error(error):
        return f'{error}: an argument is no path that can be opened'
    if remote := remote_traceback(error):
        return remote.strip().splitlines()[-1].partition(': ')[2]
    return str(error.args[0] if isinstance(error, KeyError) and error.args else error)
