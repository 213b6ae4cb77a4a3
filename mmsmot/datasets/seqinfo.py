"""``seqinfo.ini``: what a MOTChallenge sequence folder says of itself."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..structures.frame_numbering import LAST_FRAME
from ..utils.atomic import atomic_write
from ..utils.number_ranges import FRAME_RATE, IMAGE_SIDE, NumberRange
from ..utils.number_text import parse_float, parse_int
from ..utils.text_file import read_text

Number = TypeVar('Number', int, float)
FILE_NAME = 'seqinfo.ini'
LENGTH = NumberRange(1, LAST_FRAME, integer=True)


@dataclass(frozen=True)
class SeqInfo:
    """The section ``[Sequence]`` of a ``seqinfo.ini``; ``None`` where it says nothing.

    Attributes:
        name: ``name``, the sequence's name.
        image_dir: ``imDir``, the folder of images inside the sequence folder.
        fps: ``frameRate``, frames per second.
        length: ``seqLength``, the number of frames.
        width: ``imWidth`` in pixels.
        height: ``imHeight`` in pixels.
    """

    name: str | None = None
    image_dir: str = 'img1'
    fps: float | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None


def read_seqinfo(folder: str | os.PathLike) -> SeqInfo | None:
    """Read ``folder/seqinfo.ini``; ``None`` where there is none.

    A byte-order mark and Windows line ends are fine.

    Raises:
        ValueError: It has no section ``[Sequence]``, or a number is none or beyond any
            camera; names the file and the key.
    """
    path = Path(folder) / FILE_NAME
    if not path.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(path))
        section = parser['Sequence']
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path}: expected a text that begins with "[Sequence]" and holds lines like '
            f'"frameRate=30": {error}'
        ) from error

    def number(
        key: str, parse: Callable[[str], Number], allowed: NumberRange
    ) -> Number | None:
        text = section.get(key, '').strip()
        if not text:
            return None
        try:
            value = parse(text)
        except ValueError:
            value = None
        if value is None or value not in allowed:
            raise ValueError(f'{path}: {key} must be {allowed}, got {text[:40]!r}')
        return value

    return SeqInfo(
        name=section.get('name'),
        image_dir=section.get('imDir', 'img1').strip() or 'img1',
        fps=number('frameRate', parse_float, FRAME_RATE),
        length=number('seqLength', parse_int, LENGTH),
        width=number('imWidth', parse_int, IMAGE_SIDE),
        height=number('imHeight', parse_int, IMAGE_SIDE),
    )


def write_seqinfo(info: SeqInfo, folder: str | os.PathLike, image_ext: str) -> None:
    """Write ``folder/seqinfo.ini`` with every key MOTChallenge's tools look for.

    What is not known has no line.
    """
    values = {
        'name': info.name,
        'imDir': info.image_dir,
        'frameRate': None if info.fps is None else f'{info.fps:g}',
        'seqLength': info.length,
        'imWidth': info.width,
        'imHeight': info.height,
        'imExt': image_ext,
    }
    with atomic_write(Path(folder) / FILE_NAME) as stream:
        stream.write('[Sequence]\n')
        for key, value in values.items():
            if value is not None:
                stream.write(f'{key}={value}\n')
