"""Writing a clip in BenSMOT's layout, with what other tasks need beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..graphml import interactions_graphml

# frame, id, left, top, width, height, visible fraction and, where not everyone is a
# person, class.
PersonRow = tuple[int, int, int, int, int, int, float]
ObjectRow = tuple[int, int, int, int, int, int, float, int]
PERSON = 1


def written_image_name(frame: int) -> str:
    """Name of the image of a frame, from 1."""
    return f'{frame:06d}.jpg'


def write_sequence_image(image: np.ndarray, path: Path, quality: int) -> None:
    """One image as JPEG.

    Raises:
        OSError: It could not be written.
    """
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, quality]):
        raise OSError(f'{path}: could not be written; is the disk full?')


def write_labels(
    folder: Path,
    name: str,
    facts: dict[str, Any],
    rows: Sequence[PersonRow | ObjectRow],
    captions: list[str],
    summary: str,
    expressions: dict[str, dict[int, list[int]]],
) -> None:
    """All text files of a clip.

    Args:
        folder: Where to write; exists.
        name: The sequence's.
        facts: For ``script.json``.
        rows: frame, id, left, top, width, height, visible fraction and, where not
            everyone is a person, class.
        captions: One for each person of the facts.
        summary: The video caption.
        expressions: Sentence to {frame from 0: ids}.
    """
    (folder / 'gt').mkdir()
    _write(folder / 'gt' / 'gt.txt', ''.join(map(_ground_truth_line, rows)))
    _write(folder / 'video_caption.txt', summary + '\n')
    names = [person['name'] for person in facts['people']]
    lines = [f'{n}: {c}\n' for n, c in zip(names, captions, strict=True)]
    _write(folder / 'instance_captions.txt', ''.join(lines))
    _write(
        folder / 'interactions.graphml',
        interactions_graphml(names, facts['interactions']),
    )
    _write_json(
        folder / 'semantic_trajectories.json',
        {'fps': facts['fps'], 'trajectories': facts['interactions']},
    )
    (folder / 'expressions').mkdir()
    for sentence, labels in expressions.items():
        file = sentence.replace(' ', '-') + '.json'
        _write_json(
            folder / 'expressions' / file,
            {
                'label': {str(frame): ids for frame, ids in labels.items()},
                'ignore': {},
                'video_name': name,
                'sentence': sentence,
            },
        )
    _write_json(folder / 'script.json', facts)


def _ground_truth_line(row: PersonRow | ObjectRow) -> str:
    """A considered box, in MOTChallenge's columns."""
    *box, visibility = row[:7]
    label = row[7] if len(row) == 8 else PERSON
    return f'{",".join(map(str, box))},1,{label},{visibility:.4f}\n'


def written_sequence_folders(root: Path) -> Iterator[Path]:
    """Every finished sequence folder under a dataset, sorted."""
    found = (path.parent.parent for path in Path(root).glob('*/*/*/gt/gt.txt'))
    # What is still being written has a name with a dot before it.
    yield from sorted(folder for folder in found if not folder.name.startswith('.'))


def _write_json(path: Path, value: Any) -> None:
    _write(path, json.dumps(value) + '\n')


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding='utf-8', newline='\n')
