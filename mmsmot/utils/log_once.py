"""A warning that many files of one kind give, logged once."""

from __future__ import annotations

import logging
from functools import lru_cache

from mmengine.logging import print_log


@lru_cache(maxsize=1024)
def log_once(message: str) -> None:
    """Log a warning the first time it is given."""
    print_log(message, logger='current', level=logging.WARNING)
