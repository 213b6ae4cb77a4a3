"""Ids of trajectories as they stand in the keys of JSON files: ``"7"``, ``"7-12"``."""

from __future__ import annotations

import re

LAST_ID = 2**63 - 1  # of int64, which tables keep ids in
_ID = r'\s*([0-9]{1,19})\s*'


def read_id(key: str) -> int | None:
    """The id that a key is, ``None`` where it is none: not 0, 1, ... in ASCII digits."""
    match = re.fullmatch(_ID, key)
    return None if match is None else _in_range(match[1])


def read_id_pair(key: str) -> tuple[int, int] | None:
    """The two ids of ``"<subject>-<object>"``, ``None`` where the key is no such pair."""
    match = re.fullmatch(f'{_ID}-{_ID}', key)
    if match is None:
        return None
    subject_id, object_id = map(_in_range, match.groups())
    return None if subject_id is None or object_id is None else (subject_id, object_id)


def _in_range(digits: str) -> int | None:
    number = int(digits)
    return number if number <= LAST_ID else None
