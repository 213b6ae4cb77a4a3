"""What is known of a cell: a JSON file in its folder."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ...utils.atomic import atomic_write
from ...utils.folder_lock import folder_lock
from ...utils.json_file import read_json

RECORD, LOG = 'cell.json', 'log.txt'
RUNNING, FINISHED, FAILED = 'running', 'finished', 'failed'
BLOCKED = 'blocked'
SCORES_FILE = re.compile(r'\d{8}_\d{6}')  # MMEngine's folder and file of a run


@dataclass(frozen=True)
class CellRecord:
    """A cell that was begun, or could not be.

    Attributes:
        status: ``'running'`` (or interrupted), ``'finished'``, ``'failed'``, or
            ``'blocked'`` by one that failed.
        fingerprint: Of the cell when it was begun.
        command: The command line, as words.
        labels: The value of each axis.
        seconds: How long it took.
        peak_memory: GiB, at least that of the sweep's own process, which Linux counts in;
            ``None`` where the system does not tell.
        scores: By metric, of a test.
        error: The last error of a failed cell; of a blocked one what blocks it.
        blocked_by: Ids of the failed cells that keep a blocked one from running.
        version: Of mmsmot.
    """

    status: str
    fingerprint: str
    command: list[str]
    labels: dict[str, str]
    seconds: float = 0.0
    peak_memory: float | None = None
    scores: dict[str, float] | None = None
    error: str | None = None
    blocked_by: list[str] = field(default_factory=list)
    version: str = ''


def read_record(folder: Path) -> CellRecord | None:
    """The record in a cell's folder; ``None``: it was never begun, or is damaged."""
    try:
        content = read_json(folder / RECORD)
    except (OSError, ValueError):
        return None
    names = {f.name for f in fields(CellRecord)}
    if not isinstance(content, dict) or not {'status', 'fingerprint'} <= content.keys():
        return None
    record: dict[str, Any] = {'command': [], 'labels': {}}
    record |= {name: value for name, value in content.items() if name in names}
    return CellRecord(**record)


def write_record(record: CellRecord, folder: Path) -> None:
    """Write a record whole or not at all."""
    with atomic_write(folder / RECORD) as stream:
        json.dump(asdict(record), stream, indent=1)
        stream.write('\n')


def record_blocked(folder: Path, record: CellRecord) -> None:
    """Write the record of a cell that could not be begun.

    What an earlier run of it left lies in its folder still: the record tells which cell's
    files those are, so that a training goes on with its own alone.

    Raises:
        BlockingIOError: Another process runs the cell.
        OSError: The folder cannot be written to.
    """
    with folder_lock(folder):
        previous = read_record(folder)
        if previous is not None:
            record = replace(record, fingerprint=previous.fingerprint)
        write_record(record, folder)


def read_cell_record_scores(run_dir: Path) -> dict[str, float]:
    """The scores of a test, which MMEngine writes as ``<time>/<time>.json``.

    Raises:
        FileNotFoundError: There are none.
        ValueError: The file is damaged.
    """
    files = [
        path
        for path in run_dir.glob('*/*.json')
        if path.stem == path.parent.name and SCORES_FILE.fullmatch(path.stem)
    ]
    if not files:
        raise FileNotFoundError(f'{run_dir}: the test wrote no scores')
    content: dict[str, Any] = read_json(max(files))
    return {
        name: float(value)
        for name, value in content.items()
        if isinstance(value, int | float) and name not in ('data_time', 'time')
    }
