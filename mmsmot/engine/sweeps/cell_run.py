"""Running a cell: its tool in a process of its own, and a record of how it ended."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...utils.error_messages import shorten_error_text
from ...utils.folder_lock import folder_lock
from ...version import __version__
from .cell import Cell
from .cell_record import (
    FAILED,
    FINISHED,
    LOG,
    RECORD,
    RUNNING,
    CellRecord,
    read_cell_record_scores,
    read_record,
    write_record,
)
from .stage import TEST

MAX_ERROR = 500  # characters of the last error in a record
TAIL = 200  # lines of a log that are searched for it
ERROR = re.compile(r'(\[rank\d+\]:\s*)?[\w.]*(Error|Exception|Exit|Interrupt)\b.*:')
# What torch.distributed.run writes: lines of its own, then a report on all processes.
LAUNCHER_LINE = re.compile(r'[EIW]\d{4} .*torch/distributed/')
PROCESS_FAILED = re.compile(r'failed \(exitcode: (-?\d+)\)')
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's <sys/prctl.h>
LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None
# What ru_maxrss is divided by for KiB: macOS counts bytes.
RSS_UNIT = 1024 if sys.platform == 'darwin' else 1


def run_cell(
    cell: Cell,
    cwd: str | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    keep: bool = False,
) -> CellRecord:
    """Run a cell from its beginning, whatever an interrupted run left; record how it ended.

    A training whose stage says ``resume`` goes on from its newest checkpoint, where it is
    the same cell that was interrupted.

    Args:
        cell: What is run.
        cwd: The folder that relative paths of its command start from; ``None``: that of
            this process.
        environment: Variables of its command beside those of this process.
        keep: Whether a finished run of the same cell stays as it is: another process may
            have made it since the sweep began.

    Returns:
        The record, which lies in the cell's folder too. A cell that fails is recorded
        with its last error, and nothing is raised.

    Raises:
        BlockingIOError: Another process runs it.
        OSError: The folder cannot be written to.
    """
    with folder_lock(cell.folder):
        previous = read_record(cell.folder)
        is_unchanged = previous is not None and previous.fingerprint == cell.fingerprint
        if keep and is_unchanged and previous and previous.status == FINISHED:
            return previous
        resume = cell.stage.resume and is_unchanged and cell.run_dir.is_dir()
        if not resume:
            _remove(cell.run_dir)
        record = CellRecord(
            RUNNING, cell.fingerprint, [], cell.labels, version=__version__
        )
        write_record(record, cell.folder)
        try:
            record = replace(record, command=cell.command(resume))
        except (FileNotFoundError, ValueError) as error:
            record = replace(record, status=FAILED, error=str(error)[:MAX_ERROR])
        else:
            write_record(record, cell.folder)
            record = _run(cell, record, cwd, environment or {})
        write_record(record, cell.folder)
    return record


def _run(
    cell: Cell, record: CellRecord, cwd: str | None, environment: Mapping[str, str]
) -> CellRecord:
    cell.run_dir.mkdir(parents=True, exist_ok=True)
    log = cell.folder / LOG
    begin = time.monotonic()
    with open(log, 'ab') as stream:
        stream.write(f'$ {shlex.join(record.command)}\n'.encode())
        stream.flush()
        output_begin = stream.tell()
        process = subprocess.Popen(
            record.command,
            cwd=cwd,
            env={**os.environ, **environment, **cell.environment()},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent if LIBC is not None else None,
        )
        code, memory = _wait(process)
    seconds = time.monotonic() - begin
    if memory is not None:
        memory *= cell.stage.processes  # the system tells that of the largest process
    record = replace(record, seconds=seconds, peak_memory=memory)
    if code:
        return replace(
            record, status=FAILED, error=_last_error(log, output_begin, code)
        )
    if cell.stage.run != TEST:
        return replace(record, status=FINISHED)
    try:
        return replace(
            record, status=FINISHED, scores=read_cell_record_scores(cell.run_dir)
        )
    except (FileNotFoundError, ValueError) as error:
        return replace(record, status=FAILED, error=str(error)[:MAX_ERROR])


def _wait(process: subprocess.Popen) -> tuple[int, float | None]:
    """The exit code and the peak memory (GiB) of the largest process of a run."""
    if not hasattr(os, 'wait4'):
        return process.wait(), None
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / RSS_UNIT / 2**20


def _end_with_parent() -> None:
    """In the new process, before its program: be ended when the sweep is killed."""
    if LIBC is not None:
        LIBC.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _last_error(log: Path, output_begin: int, code: int) -> str:
    """What a failed tool wrote at its end, and how it ended."""
    with open(log, 'rb') as stream:
        stream.seek(output_begin)  # before it is what other runs wrote
        tail = deque(stream, TAIL)
    lines = [line.decode('utf-8', 'replace').strip() for line in tail]
    for number, line in enumerate(lines):
        if LAUNCHER_LINE.match(line) and (match := PROCESS_FAILED.search(line)):
            code, lines = int(match[1]), lines[:number]
            break
    lines = [line for line in lines if line and not LAUNCHER_LINE.match(line)]
    errors = [line for line in lines if ERROR.match(line)]
    text = (errors or lines or ['it wrote nothing'])[-1]
    if code == -signal.SIGKILL:
        text = (
            'killed by the system, as it does when memory runs out (its stage may state '
            f'its memory, or give the sweep --memory); it wrote last: {text}'
        )
    elif code < 0:
        text = f'ended by signal {-code}; it wrote last: {text}'
    return f'{shorten_error_text(text, MAX_ERROR)} (exit code {code}, {log})'


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def move_cell_run_aside(cell: Cell) -> Path | None:
    """Put a cell's results aside, so that it is run again; the folder they lie in now."""
    if not (cell.folder / RECORD).is_file():
        return None
    number = 1
    while (aside := cell.folder.with_name(f'{cell.folder.name}.old{number}')).exists():
        number += 1
    cell.folder.rename(aside)
    return aside
