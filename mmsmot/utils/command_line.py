"""How a command-line tool ends when something is wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# For users where mmsmot itself raises them.
OURS = (ValueError, KeyError, TypeError, MemoryError, FloatingPointError)
FULL = 'MMSMOT_TRACEBACK'  # set to 1: always the whole traceback

CONFIG = (
    'config file, or a name below configs/ such as '
    'two_stage/bytetrack_public-detections (configs/two_stage/README.md lists them)'
)
CFG_OPTIONS = (
    'keys of the config to set: KEY=VALUE ..., as model.tracker.max_age=9; '
    'tools/misc/print_config.py CONFIG shows the keys'
)


def run_tool(main: Callable[[], None]) -> None:
    """Run a tool; an error that its user can mend ends it in one line.

    Those are what mmsmot itself raises, and whatever is missing on the disk, in the
    network or among the installed packages. Any other error keeps its traceback.
    """
    try:
        main()
    except KeyboardInterrupt:
        _end(130, 'interrupted; what was finished is kept, the same command goes on')
    except Exception as error:
        if os.environ.get(FULL) == '1' or not is_for_users(error):
            raise
        message = error.args[0] if isinstance(error, KeyError) else error
        _end(1, f'{type(error).__name__}: {message}')


def _end(code: int, message: str) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)


def is_for_users(error: Exception) -> bool:
    """Whether an error's own words say what to do, without a traceback."""
    if not str(error):
        return False
    if isinstance(error, OSError | ImportError):
        return True
    if not isinstance(error, OURS):
        return False
    frame = traceback.extract_tb(error.__traceback__)[-1]
    raised = (frame.line or '').startswith('raise ')  # not a slip of ours
    return raised and PACKAGE in Path(frame.filename).resolve().parents
