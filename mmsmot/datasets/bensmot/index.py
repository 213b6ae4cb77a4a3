"""All sequences of a split of BenSMOT, read once and remembered."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ...utils.atomic import atomic_path
from ...utils.number_ranges import FRAME_RATE, IMAGE_SIDE
from ...utils.stored_arrays import DAMAGED, read_stored_arrays
from .annotation_text import COLUMNS
from .repairs import NOTES, REPAIRS, RepairLog
from .sequence import (
    GT,
    IMAGES,
    BenSMOTSequenceRecord,
    bensmot_sequence_fingerprint,
    read_sequence,
)

# To be raised when records are read or mended in another way.
FORMAT = 5
CACHE_FOLDER = '.mmsmot'
USER_CACHE = Path('~/.cache/mmsmot')
SPLITS = ('train', 'val', 'test')
_DAMAGED = (*DAMAGED, AttributeError, RecursionError)


def index_sequence_folders(root: str | os.PathLike, split: str) -> dict[str, Path]:
    """Sequence folders by name, ``'<activity>/<sequence>'``, sorted.

    Raises:
        FileNotFoundError: There is no folder ``root/split``.
        ValueError: It holds no sequence.
    """
    root = Path(root)
    split_dir = root / split
    if not split_dir.is_dir():
        hint = ''
        if root.name == split or root.name in SPLITS:
            hint = (
                f' It looks like a split itself: set data_root to {str(root.parent)!r}.'
            )
        raise FileNotFoundError(
            f'{split_dir}: no such folder (looked from {os.getcwd()}). Expected '
            f'{root.name}/{split}/<activity>/<sequence>/ with {GT} and {IMAGES}/.{hint}'
        )
    sequences = {
        f'{activity.name}/{sequence.name}': Path(sequence.path)
        for activity in _folders(split_dir)
        for sequence in _folders(activity.path)
    }
    if not sequences:
        raise ValueError(
            f'{split_dir}: no sequences in it. Expected {split}/<activity>/<sequence>/ with '
            f'{GT} and {IMAGES}/.'
        )
    return sequences


def _folders(path: str | Path) -> list[os.DirEntry]:
    with os.scandir(os.fspath(path)) as entries:
        folders = [e for e in entries if e.is_dir() and not e.name.startswith('.')]
    return sorted(folders, key=lambda entry: entry.name)


def default_index_path(root: str | os.PathLike, split: str) -> Path:
    """Beside the data where that may be written, else in the user's cache folder."""
    root = Path(root)
    if os.access(root, os.W_OK):
        return root / CACHE_FOLDER / f'{split}.npz'
    key = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return USER_CACHE.expanduser() / f'bensmot_{key}_{split}.npz'


def read_sequence_index(
    sequences: dict[str, Path], cache: str | os.PathLike | None
) -> dict[str, BenSMOTSequenceRecord]:
    """A record of each sequence; those that did not change come from the cache.

    Args:
        sequences: Folders by name.
        cache: A file that may be missing, stale or damaged, and is brought up to date;
            ``None`` to read every folder and write nothing.
    """
    cached = {} if cache is None else _load(Path(cache))
    records, changed = {}, cached.keys() != sequences.keys()
    for name, folder in sequences.items():
        record = cached.get(name)
        if record is None or record.fingerprint != bensmot_sequence_fingerprint(
            folder, record.images[0] if record.images else None
        ):
            record, changed = read_sequence(folder), True
        records[name] = record
    if cache is not None and changed:
        try:
            _save(records, Path(cache))
        except OSError as error:
            print_log(
                f'{cache}: the index could not be kept and will be made again: {error}',
                logger='current',
                level=logging.WARNING,
            )
    return records


def _save(records: dict[str, BenSMOTSequenceRecord], path: Path) -> None:
    contents = {name: record.to_dict() for name, record in records.items()}
    text = json.dumps({'format': FORMAT, 'sequences': contents}, ensure_ascii=False)
    tables = [r.rows for r in records.values() if r.rows is not None]
    counts = [-1 if r.rows is None else len(r.rows) for r in records.values()]
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            text=np.frombuffer(text.encode('utf-8', 'surrogatepass'), np.uint8),
            rows=np.concatenate([np.empty((0, COLUMNS)), *tables]),
            counts=np.array(counts),
        )


def _load(path: Path) -> dict[str, BenSMOTSequenceRecord]:
    """The records of a cache file; none where it is missing, old or damaged."""
    if not path.is_file():
        return {}
    try:
        text, rows, counts = read_stored_arrays(path, ('text', 'rows', 'counts'))
        content = json.loads(text.tobytes().decode('utf-8', 'surrogatepass'))
        if content['format'] != FORMAT:
            return {}
        return dict(_records(content['sequences'], rows, counts))
    except _DAMAGED as error:
        print_log(
            f'{path}: damaged index ({error}); reading the sequences again',
            logger='current',
            level=logging.WARNING,
        )
        return {}


def _records(
    contents: dict, rows: np.ndarray, counts: np.ndarray
) -> Iterable[tuple[str, BenSMOTSequenceRecord]]:
    if rows.shape[1:] != (COLUMNS,) or np.maximum(counts, 0).sum() != len(rows):
        raise ValueError('its boxes are not those of its sequences')
    start = 0
    for (name, content), count in zip(contents.items(), counts.tolist(), strict=True):
        end = start + max(count, 0)
        table = None if count < 0 else rows[start:end]
        _require_frames(content, name)
        record = BenSMOTSequenceRecord.from_dict(content, table)
        _require_kinds(record, name)
        yield name, record
        start = end


def _require_frames(content: dict, name: str) -> None:
    """An index comes with a dataset, perhaps a stranger's: no image from elsewhere."""
    frame_ids, images = content['frame_ids'], content['images']
    numbers = all(type(n) is int for n in [*frame_ids, *content['track_ids']])
    names = all(type(n) is str and os.path.basename(n) == n for n in images)
    if not numbers or not names or len(images) not in (0, len(frame_ids)):
        raise ValueError(f'{name}: its frames or images are none')


def _require_kinds(record: BenSMOTSequenceRecord, name: str) -> None:
    """Refuse a record with a field of another kind than :func:`read_sequence` makes."""
    semantics = record.semantics
    texts = [semantics.video_caption, *(semantics.captions or {}).values()]
    is_sound = {
        'images_from_zero': type(record.images_from_zero) is bool,
        'width': record.width in IMAGE_SIDE.or_none,
        'height': record.height in IMAGE_SIDE.or_none,
        'fps': record.fps in FRAME_RATE.or_none,
        'semantics': isinstance(semantics.captions, dict | NoneType)
        and all(isinstance(text, str) for text in texts[1:])
        and isinstance(texts[0], str | NoneType)
        and all(
            _are_kinds(vars(relation).values(), (int, int, str, str))
            for relation in semantics.relations or []
        ),
        'spans': all(
            _are_kinds(span, (int, str, int, int, int)) for span in record.spans or []
        ),
        'expressions': all(
            type(item) is dict and item.keys() == {'file', 'content'}
            for item in record.expressions or []
        ),
        'log': _is_log(record.log) and _is_log(record.text_log),
    }
    for field, is_field_sound in is_sound.items():
        if not is_field_sound:
            raise ValueError(f'{name}: {field} is of another kind')


def _are_kinds(values: Iterable[Any], kinds: tuple[type, ...]) -> bool:
    return tuple(map(type, values)) == kinds


def _is_log(log: RepairLog) -> bool:
    return all(
        kind in (*NOTES, *REPAIRS)
        and type(count) is int
        and bool(log.examples[kind])
        and all(type(example) is str for example in log.examples[kind])
        for kind, count in log.counts.items()
    )
