"""The checkpoints of a training in its work-dir."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from mmengine.logging import print_log

from .checkpoint import UnsafeCheckpointError, load_checkpoint

# As atomic_path names what becomes a checkpoint of MMEngine's hook.
UNFINISHED = re.compile(r'\.(epoch_\d+|iter_\d+|best_.+)\.[a-z0-9_]{8}\.pth')


def newest_checkpoint(work_dir: str | os.PathLike) -> str | None:
    """The checkpoint from which training in a folder goes on; ``None``: there is none.

    It is the one that ``last_checkpoint`` names. After a kill that file may be empty, or
    name a file that is missing: then it is the whole ``epoch_N.pth`` or ``iter_N.pth`` of
    the highest number.

    Raises:
        UnsafeCheckpointError: One of these is not what training wrote.
    """
    pointer = Path(work_dir, 'last_checkpoint')
    named = pointer.read_text(errors='replace').strip() if pointer.is_file() else ''
    if '://' in named or (named and Path(named).is_file()):
        return named
    numbered = {
        path: int(path.stem.split('_')[1])
        for path in Path(work_dir).glob('*.pth')
        if re.fullmatch(r'(epoch|iter)_\d+', path.stem)
    }
    for path in sorted(numbered, key=lambda path: numbered[path], reverse=True):
        try:
            load_checkpoint(path)
        except UnsafeCheckpointError:
            raise
        except (ValueError, FileNotFoundError) as error:  # half of it was written, say
            print_log(f'passed over: {error}', logger='current', level=logging.WARNING)
            continue
        print_log(
            f'{pointer} names no existing checkpoint; training resumes from {path}, the '
            'newest whole one',
            logger='current',
            level=logging.WARNING,
        )
        return str(path)
    return None


def remove_unfinished_checkpoints(work_dir: str | os.PathLike) -> None:
    """Remove the temporary files that a kill while saving leaves, each as large as weights.

    The work-dir must be locked: another training writes such a file right now.
    """
    for path in Path(work_dir).glob('.*.pth'):
        if UNFINISHED.fullmatch(path.name) and path.is_file():
            path.unlink()
            print_log(
                f'removed {path}, which a training that was killed did not finish',
                logger='current',
                level=logging.INFO,
            )
