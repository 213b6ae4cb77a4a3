"""Writing a clip in BenSMOT's layout, with what other tasks need beside it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...utils.atomic import atomic_folder
from ..graphml import interactions_graphml

# frame, id, left, top, width, height, visible fraction and, where not everyone is a
# person, class.
PersonRow = tuple[int, int, int, int, int, int, float]
ObjectRow = tuple[int, int, int, int, int, int, float, int]
PERSON = 1


@dataclass(frozen=True)
class LabelledClip(ABC):
    """A clip with all of its labels.

    Attributes:
        images: T images (H, W, 3) uint8 BGR.
        boxes: (T, N, 4) int64 left, top, width, height.
        visibility: (T, N) visible fractions.
        facts: As in ``script.json``.
        captions: N instance captions.
        summary: The video caption.
        expressions: Sentence to {frame from 0: ids}.
    """

    images: list[np.ndarray]
    boxes: np.ndarray
    visibility: np.ndarray
    facts: dict[str, Any]
    captions: list[str]
    summary: str
    expressions: dict[str, dict[int, list[int]]]

    @property
    @abstractmethod
    def rows(self) -> Sequence[PersonRow | ObjectRow]:
        """Of ``gt.txt``: everyone annotated in each frame."""


def write_clip_folder(
    folder: Path, make: Callable[[], LabelledClip], jpeg_quality: int
) -> Path:
    """Make a clip and write its folder, whole or not at all, unless it is there."""
    if folder.exists():
        return folder
    clip = make()
    with atomic_folder(folder) as temporary:
        (temporary / 'imgs').mkdir()
        for number, image in enumerate(clip.images, start=1):
            path = temporary / 'imgs' / written_image_name(number)
            write_sequence_image(image, path, jpeg_quality)
        write_labels(temporary, folder.name, clip)
    return folder


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


def write_labels(folder: Path, name: str, clip: LabelledClip) -> None:
    """All text files of a clip.

    Args:
        folder: Where to write; exists.
        name: The sequence's.
        clip: The clip.
    """
    facts = clip.facts
    (folder / 'gt').mkdir()
    _write(folder / 'gt' / 'gt.txt', ''.join(map(_ground_truth_line, clip.rows)))
    _write(folder / 'video_caption.txt', clip.summary + '\n')
    names = [person['name'] for person in facts['people']]
    lines = [f'{n}: {c}\n' for n, c in zip(names, clip.captions, strict=True)]
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
    for sentence, labels in clip.expressions.items():
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
    folders = (path.parent.parent for path in Path(root).glob('*/*/*/gt/gt.txt'))
    # What is still being written has a name with a dot before it.
    yield from sorted(folder for folder in folders if not folder.name.startswith('.'))


def _write_json(path: Path, value: Any) -> None:
    _write(path, json.dumps(value) + '\n')


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding='utf-8', newline='\n')
