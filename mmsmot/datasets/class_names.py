"""``labels.txt``: what the classes of a ``gt.txt`` are called, line k naming class k.

CVAT and Datumaro write it beside the ``gt.txt`` of their MOT exports, where classes have
the order of the project's labels and not MOTChallenge's numbers.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..structures import Trajectories
from ..structures.mot_classes import FIRST_OTHER, MOT_CLASSES, PEDESTRIAN
from ..utils.text_file import read_text

FILE_NAME = 'labels.txt'
PEOPLE = frozenset(
    {'person', 'persons', 'people', 'pedestrian', 'pedestrians', 'human', 'humans'}
)


def read_class_names(gt: str | os.PathLike) -> list[str]:
    """The names in the ``labels.txt`` beside a ``gt.txt``; none where it is not there.

    Raises:
        ValueError: The file is no text in UTF-8.
    """
    path = Path(gt).parent / FILE_NAME
    if not path.is_file():
        return []
    try:
        lines = read_text(path).splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: expected text in UTF-8: {error}') from error
    names = [' '.join(line.strip(' \t"\'').replace('_', ' ').split()) for line in lines]
    return [name.lower() for name in names]


def mot_numbers_of_class_names(
    trajectories: Trajectories, names: list[str], gt: str | os.PathLike
) -> Trajectories:
    """The same boxes with MOTChallenge's class numbers, logged where any changes.

    People become class 1, what has another name of MOTChallenge's its number, and
    everything else a number from ``FIRST_OTHER`` on, so that it neither counts nor
    excuses a prediction. Where no name is that of people, every box counts: classes
    become 0.

    Args:
        trajectories: Labels count the lines of ``labels.txt`` from 1; others stay.
        names: As of :func:`read_class_names`.
        gt: The file, for the log.
    """
    if not names or not len(trajectories):
        return trajectories
    numbers = np.array([_number(name, line) for line, name in enumerate(names)])
    if PEDESTRIAN not in numbers:
        numbers[:] = 0
    labels = trajectories.labels.copy()
    named = (labels >= 1) & (labels <= len(names))
    labels[named] = numbers[labels[named] - 1]
    if np.array_equal(labels, trajectories.labels):
        return trajectories
    mapping = ', '.join(
        f'{names[i]} = {numbers[i]}' for i in range(min(len(names), 10))
    )
    print_log(
        f"{gt}: {FILE_NAME} gives the classes other numbers than MOTChallenge's; taken "
        f'as {mapping}' + (' (every box counts)' if not numbers.any() else ''),
        logger='current',
        level=logging.WARNING,
    )
    return replace(trajectories, labels=labels)


def _number(name: str, line: int) -> int:
    if name in PEOPLE:
        return PEDESTRIAN
    return MOT_CLASSES.index(name) + 1 if name in MOT_CLASSES else FIRST_OTHER + line
