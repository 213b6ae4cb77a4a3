"""Splits of BenSMOT's layout: its folders, and a val that is a fixed part of train."""

from __future__ import annotations

import logging
import os
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from mmengine.logging import print_log

from ...utils.json_file import read_json
from .index import SPLITS

SYNSMOT_FILE = 'synsmot.json'
VAL_FROM_TRAIN = 'val_from_train'
TRAIN_MINUS_VAL = 'train_minus_val'
SPLIT_NAMES = (*SPLITS, VAL_FROM_TRAIN, TRAIN_MINUS_VAL)
VAL_SHARE = 10  # one sequence in so many, rounded: an activity of five has one


def dataset_splits(root: str | os.PathLike) -> list[str]:
    """The splits that a dataset has a folder of; those of BenSMOT where it has none."""
    return [s for s in SPLITS if (Path(root) / s).is_dir()] or ['train', 'test']


def split_folder(root: str | os.PathLike, split: str) -> str:
    """Name of the folder that the sequences of a split lie in.

    ``val`` and what is made of train lie in ``train`` where there is no folder ``val``.
    """
    if split in (VAL_FROM_TRAIN, TRAIN_MINUS_VAL):
        return 'train'
    is_derived = split == 'val' and not (Path(root) / split).is_dir()
    return 'train' if is_derived and (Path(root) / 'train').is_dir() else split


def select_split(
    root: str | os.PathLike, split: str, names: Iterable[str]
) -> list[str]:
    """The sequences of a split among those of its folder.

    Args:
        root: The folder of the dataset.
        split: One of :data:`SPLIT_NAMES`.
        names: All sequences of ``split_folder(root, split)``.

    Raises:
        ValueError: The dataset is a SynSMOT without ``val``; or ``val_from_train`` of
            a dataset that has one; or there are too few sequences to derive one.
    """
    names = list(names)
    has_val = (Path(root) / 'val').is_dir()
    if split in ('train', 'test') or (has_val and split != VAL_FROM_TRAIN):
        return names
    if has_val:
        raise ValueError(f"{root}: has a val of its own: take split='val'")
    if split == 'val':
        _require_no_synsmot(Path(root))
    val_names = val_from_train(names)
    if not val_names:
        raise ValueError(
            f'{root}/train: {len(names)} sequences are too few to take one in '
            f'{VAL_SHARE} of each activity as val. Put sequences of your own into '
            f'{root}/val/<activity>/.'
        )
    if split == TRAIN_MINUS_VAL:
        return [name for name in names if name not in val_names]
    if split == 'val':
        print_log(
            f'{root}: has no folder val; its val are {len(val_names)} of the '
            f'{len(names)} sequences of train, the same every time. Training must leave '
            f"them out: split='{TRAIN_MINUS_VAL}'.",
            logger='current',
            level=logging.WARNING,
        )
    return [name for name in names if name in val_names]


def val_from_train(names: Iterable[str]) -> set[str]:
    """One sequence in ten of each activity, by a hash of the name.

    Of an activity of n sequences those with the (n + 5) // 10 smallest CRC-32 of
    ``'<activity>/<sequence>'`` in UTF-8; equal ones by name. Activities of fewer than
    five sequences count as one together.

    >>> sorted(val_from_train(f'cooking/{n:04d}' for n in range(14)))
    ['cooking/0001']
    """
    activities: dict[str, list[str]] = defaultdict(list)
    for name in names:
        activities[name.partition('/')[0]].append(name)
    groups: list[list[str]] = [[]]  # the first: small activities
    for sequences in activities.values():
        if len(sequences) < 5:
            groups[0] += sequences
        else:
            groups.append(sequences)
    return {
        name
        for sequences in groups
        for name in sorted(sequences, key=_rank)[: (len(sequences) + 5) // VAL_SHARE]
    }


def _rank(name: str) -> tuple[int, str]:
    return zlib.crc32(name.encode('utf-8', 'surrogateescape')), name


def _require_no_synsmot(root: Path) -> None:
    """Refuse to derive the val of a SynSMOT, which is made with one."""
    path = root / SYNSMOT_FILE
    if not path.is_file():
        return
    facts = read_json(path)
    facts = facts if isinstance(facts, dict) else {}
    size, seed, version = (facts.get(key) for key in ('size', 'seed', 'version'))
    command = f'python tools/dataset_converters/make_synsmot.py --size {size} --seed {seed} --out'
    if isinstance(version, int) and version >= 3:
        raise ValueError(
            f'{root}: its val is not made yet. Let the command that makes it finish: '
            f'{command} {root}'
        )
    raise ValueError(
        f'{root}: version {version} of SynSMOT has no val. Make a new one, whose train '
        f'leaves out what val shows: {command} DIR. To keep this one, '
        f"split='{VAL_FROM_TRAIN}' is a fixed tenth of its train, and "
        f"split='{TRAIN_MINUS_VAL}' is the rest to train on."
    )
