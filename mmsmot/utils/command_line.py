"""How a command-line tool reads numbers and options, and how it ends."""

from __future__ import annotations

import os
import re
import sys
import traceback
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from mmengine.config import DictAction

from .environment import install_command
from .full_disk import is_disk_full
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

PACKAGE = Path(__file__).resolve().parents[1]
TOOLS = PACKAGE.parent / 'tools'  # of a checkout; an installed package holds its own
# For users where mmsmot itself raises them.
OURS = (ValueError, KeyError, TypeError, FloatingPointError)
# For users wherever they come from: what is read holds more than can be stored.
TOO_MUCH = (MemoryError, OverflowError, RecursionError, UnicodeError)
FULL = 'MMSMOT_TRACEBACK'  # set to 1: always the whole traceback
INTERRUPTED = 'what was finished is kept, the same command goes on'
# How torch and concurrent.futures pass on what was raised in another process.
REMOTE = re.compile(r'Traceback \(most recent call last\):\n', re.MULTILINE)
LAST_FRAME = re.compile(r'^\s*File "(.+?)", line \d+, in .+\n\s*(.*)', re.MULTILINE)

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
    """MMEngine's KEY=VALUE; what is none is told as argparse tells it."""

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


def number_arg(allowed: NumberRange) -> Callable[[str], int | float]:
    """A type for argparse: a number of a range, ``type=number_arg(SEED)``."""

    def parse(text: str) -> int | float:
        try:
            value = parse_int(text) if allowed.integer else parse_float(text)
        except ValueError:
            value = text
        if value not in allowed:
            raise ArgumentTypeError(f'expected {allowed}, got {text[:80]!r}')
        return value

    return parse


seed_arg, count_arg = number_arg(SEED), number_arg(COUNT)
non_negative_int_arg, non_negative_arg = map(
    number_arg, (NON_NEGATIVE_INT, NON_NEGATIVE)
)
positive_arg, fraction_arg = number_arg(POSITIVE), number_arg(FRACTION)


@contextmanager
def tool_imports() -> Iterator[None]:
    """Import what a tool needs in this block: a missing package is named in one line."""
    try:
        yield
    except KeyboardInterrupt:
        _end(130, 'interrupted')
    except ImportError as error:
        if os.environ.get(FULL) == '1':
            raise
        _end(1, f'{type(error).__name__}: {_message(error)}')


def run_tool(
    main: Callable[[], int | None], interrupted: str = INTERRUPTED, failed: int = 1
) -> None:
    """Run a tool; an error that its user can mend ends it in one line.

    Those are what mmsmot itself raises, here or in a worker, whatever is missing on the
    disk, in the network or among the installed packages, and input that cannot be held.
    Any other error keeps its traceback. What is logged is shown without control
    characters.

    Args:
        main: The tool; returns an exit code or ``None``.
        interrupted: What is left after Ctrl-C.
        failed: Exit code of an error.
    """
    log_printable_text()
    try:
        code = main()
    except KeyboardInterrupt:
        _end(130, f'interrupted; {interrupted}')
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if is_interrupt(error):
            _end(130, f'interrupted; {interrupted}')
        if os.environ.get(FULL) == '1' or not is_for_users(error):
            raise
        _end(failed, f'{type(error).__name__}: {_message(error)}')
    else:
        if code is not None:
            sys.exit(code)


def _end(code: int, message: str) -> NoReturn:
    if code == 1:
        sys.exit(printable(message))  # Python prints it
    print(printable(message), file=sys.stderr)
    sys.exit(code)


def is_interrupt(error: BaseException | None) -> bool:
    """Whether an error was raised because of Ctrl-C.

    A bare ``except`` makes another error of it, as around MMEngine's call of yapf.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def is_for_users(error: Exception) -> bool:
    """Whether an error's own words say what to do, without a traceback."""
    if isinstance(error, TOO_MUCH):
        return True
    if not str(error):
        return False
    if isinstance(error, OSError | ImportError) or is_disk_full(error):
        return True
    if _is_about_a_path(error):
        return True
    if not isinstance(error, OURS):
        return False
    return _is_ours(error)


def _message(error: Exception) -> str:
    if isinstance(error, ImportError):
        command = install_command(error.name) if error.name else None
        return f'{error}' + (f'; get it by  {command}' if command else '')
    if isinstance(error, TOO_MUCH) and not _is_ours(error):
        at = f'{_ours_at(error)}; {FULL}=1 shows where'
        return f'{error or "no memory"} (in {at})'
    if _is_about_a_path(error):
        return f'{error}: an argument is no path that can be opened'
    if _remote_text(error):
        return _remote_text(error).strip().splitlines()[-1].partition(': ')[2]
    return str(error.args[0] if isinstance(error, KeyError) and error.args else error)


def _is_about_a_path(error: Exception) -> bool:
    """A NUL in it, or links that lead to each other (an OSError from Python 3.13 on)."""
    text = str(error)
    return (isinstance(error, ValueError) and 'embedded null' in text) or (
        isinstance(error, RuntimeError) and text.startswith('Symlink loop')
    )


def _is_ours(error: Exception) -> bool:
    """Whether mmsmot raises it on purpose, with words of its own."""
    file, line = _raised_at(error)
    folders = Path(file).resolve().parents
    return line.startswith('raise ') and (PACKAGE in folders or TOOLS in folders)


def _raised_at(error: Exception) -> tuple[str, str]:
    """File and line, of a worker's where it was raised there."""
    frames = LAST_FRAME.findall(_remote_text(error))
    if frames:
        return frames[-1]
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return frame.filename, frame.line or ''


def _remote_text(error: Exception) -> str:
    """The traceback of a worker process that an error brings along, if it does."""
    for text in (str(error), str(error.__cause__ or '')):
        if REMOTE.search(text):
            return text.rstrip('"\n ')
    return ''


def _ours_at(error: Exception) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if PACKAGE in Path(frame.filename).resolve().parents
    ]
    if not frames:
        return 'the tool'
    path = Path(frames[-1].filename).resolve().relative_to(PACKAGE.parent)
    return f'{path}:{frames[-1].lineno}'
