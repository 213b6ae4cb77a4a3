"""One sequence folder of BenSMOT, read and mended, before any choice of options."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...structures.frame_numbering import frame_number_offset
from ...utils.error_messages import message_without_path
from ...utils.json_file import read_json
from ...utils.number_ranges import FRAME_RATE
from ..image_decoder import image_size
from ..image_sequence import MAX_DIGITS
from ..seqinfo import FILE_NAME as SEQINFO
from ..seqinfo import SeqInfo, read_seqinfo
from .annotation_text import (
    COLUMNS,
    MAX_NUMBER,
    parse_box_annotation_text,
    read_annotation_lines,
)
from .repairs import RepairLog
from .semantics import (
    CAPTIONS,
    GRAPH,
    VIDEO_CAPTION,
    SemanticsRelation,
    SequenceSemantics,
    read_semantics,
)

GT = 'gt/gt.txt'
IMAGES = 'imgs'
SPANS = 'semantic_trajectories.json'
EXPRESSIONS = 'expressions'
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png')
_FILES = (GT, IMAGES, VIDEO_CAPTION, CAPTIONS, GRAPH, SPANS, SEQINFO, EXPRESSIONS)
_NUMBER = re.compile(rf'(?<!\d)\d{{1,{MAX_DIGITS}}}$')


@dataclass
class BenSMOTSequenceRecord:
    """What a sequence folder holds.

    Attributes:
        fingerprint: Of the files it was read from.
        frame_ids: The original frame numbers, ascending.
        images: A file name in ``imgs`` for each, or empty where there are no images.
        images_from_zero: Their names count from 0; frame numbers are theirs + 1.
        width: Image width in pixels, ``None`` where it is not known.
        height: Image height in pixels, ``None`` where it is not known.
        fps: Frames per second, ``None`` where nothing says.
        rows: (R, 9) float64, the proper rows of ``gt.txt``; ``None`` without one.
        track_ids: Every id in ``gt.txt``, ascending.
        semantics: Captions and relations of the three text files.
        spans: (subject, verb, object, start, end) of ``semantic_trajectories.json``;
            ``None`` without one.
        expressions: Contents of ``expressions/*.json``; ``None`` without that folder.
        log: What was odd in frames and boxes.
        text_log: What was odd in the three text files.
    """

    fingerprint: str
    frame_ids: list[int]
    images: list[str]
    images_from_zero: bool
    width: int | None
    height: int | None
    fps: float | None
    rows: np.ndarray | None
    track_ids: list[int]
    semantics: SequenceSemantics
    spans: list[list] | None
    expressions: list[dict] | None
    log: RepairLog
    text_log: RepairLog

    def to_dict(self) -> dict[str, Any]:
        """All but ``rows``, as JSON's kinds of values."""
        content = {k: v for k, v in vars(self).items() if k != 'rows'}
        content['semantics'] = asdict(self.semantics)
        content['log'] = self.log.to_list()
        content['text_log'] = self.text_log.to_list()
        return content

    @classmethod
    def from_dict(
        cls, content: dict[str, Any], rows: np.ndarray | None
    ) -> BenSMOTSequenceRecord:
        """The opposite of :meth:`to_dict`."""
        words = dict(content['semantics'])
        if words['captions'] is not None:
            words['captions'] = {int(i): text for i, text in words['captions'].items()}
        if words['relations'] is not None:
            words['relations'] = [SemanticsRelation(**r) for r in words['relations']]
        parsed = dict(
            semantics=SequenceSemantics(**words),
            log=RepairLog.from_list(content['log']),
            text_log=RepairLog.from_list(content['text_log']),
        )
        return cls(**{**content, **parsed}, rows=rows)


def bensmot_sequence_fingerprint(
    folder: str | os.PathLike, first_image: str | None
) -> str:
    """Sizes and times of everything that a record is read from.

    Of the images only the first is read, for its size; that of their folder changes
    when one comes, goes or is renamed.
    """
    folder = os.fspath(folder)
    stamps = [_stamp(os.path.join(folder, name)) for name in _FILES]
    if os.path.isdir(os.path.join(folder, EXPRESSIONS)):
        with os.scandir(os.path.join(folder, EXPRESSIONS)) as entries:
            stamps += sorted(f'{e.name} {_stamp(e.path)}' for e in entries)
    if first_image is not None:
        stamps.append(_stamp(os.path.join(folder, IMAGES, first_image)))
    return '|'.join(stamps)


def _stamp(path: str) -> str:
    try:
        stat = os.stat(path)
    except OSError:
        return '-'
    return f'{stat.st_size} {stat.st_mtime_ns}'


def read_sequence(folder: Path) -> BenSMOTSequenceRecord:
    """Read a sequence folder; what is odd is mended, counted, and never fatal.

    Raises:
        UnsafeXML: ``interactions.graphml`` attacks its reader.
    """
    log, text_log = RepairLog(), RepairLog()
    # Before the files are read: what changes meanwhile must not count as read.
    stamp = bensmot_sequence_fingerprint(folder, None)
    images = _find_images(folder, log)
    first_image = images[0][1] if images else None
    if first_image is not None:
        stamp += f'|{_stamp(os.path.join(folder, IMAGES, first_image))}'
    lines = read_annotation_lines(folder / GT, GT, log)
    rows: np.ndarray | None = None
    track_ids: list[int] = []
    if lines is None:
        log.add('gt_missing', f'{GT}: missing')
    else:
        rows, track_ids = parse_box_annotation_text(lines, GT, log)
    images, images_from_zero = _images_from_one(images)
    rows, offset = _rows_from_one(rows, images, images_from_zero, log)
    frame_ids, rows = _frames(images, rows, log)
    _count_lost_tracks(rows, track_ids, log)
    width, height = _image_size(folder, images, log)
    spans, fps = _read_spans(folder, offset, log)
    info = _read_info(folder, log)
    first = images[0][1] if images else None
    return BenSMOTSequenceRecord(
        fingerprint=stamp
        if first == first_image
        else bensmot_sequence_fingerprint(folder, first),
        frame_ids=frame_ids,
        images=[name for _, name in images],
        images_from_zero=images_from_zero,
        width=width,
        height=height,
        fps=info.fps if info and info.fps else fps,
        rows=rows,
        track_ids=track_ids,
        semantics=read_semantics(folder, track_ids, text_log),
        spans=spans,
        expressions=_read_expressions(folder, log),
        log=log,
        text_log=text_log,
    )


def _read_info(folder: Path, log: RepairLog) -> SeqInfo | None:
    try:
        return read_seqinfo(folder)
    except ValueError as error:
        message = message_without_path(error, folder / SEQINFO)
        log.add('seqinfo_malformed', f'{SEQINFO}: {message}')
        return None


def _find_images(folder: Path, log: RepairLog) -> list[tuple[int, str]]:
    """Numbers and names, ascending."""
    try:
        names = sorted(os.listdir(folder / IMAGES))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    images: dict[int, str] = {}
    for name in names:
        stem, suffix = os.path.splitext(name)
        if suffix.lower() not in IMAGE_SUFFIXES or name.startswith('.'):
            continue
        number = _NUMBER.search(stem)
        if number is None or int(number[0]) in images:
            log.add('image_bad_name', f'{IMAGES}/{name}: no number, or one seen before')
        else:
            images[int(number[0])] = name
    if not images:
        log.add('images_missing', f'{IMAGES}: no .jpg, .jpeg or .png in it')
    return sorted(images.items())


def _images_from_one(
    images: list[tuple[int, str]],
) -> tuple[list[tuple[int, str]], bool]:
    from_zero = bool(images) and images[0][0] == 0
    return [(number + from_zero, name) for number, name in images], from_zero


def _rows_from_one(
    rows: np.ndarray | None,
    images: list[tuple[int, str]],
    images_from_zero: bool,
    log: RepairLog,
) -> tuple[np.ndarray | None, int]:
    """The rows with frames from 1, and by how much they, and the spans, are moved."""
    offset = int(images_from_zero)
    if rows is not None and len(rows):
        frame_ids = np.array([number for number, _ in images], np.int64)
        try:
            offset = frame_number_offset(
                rows[:, 0],
                GT,
                frame_ids=frame_ids,
                images_from_zero=images_from_zero,
            )
        except ValueError as error:
            log.add('numbering_unknown', str(error))
        rows = rows + offset * np.eye(COLUMNS)[0]
    if offset or images_from_zero:
        log.add('frames_from_zero', f'{GT if offset else IMAGES}: a frame 0')
    return rows, offset


def _frames(
    images: list[tuple[int, str]], rows: np.ndarray | None, log: RepairLog
) -> tuple[list[int], np.ndarray | None]:
    """The frame numbers, and the rows that lie in them."""
    boxed = [] if rows is None else np.unique(rows[:, 0].astype(np.int64)).tolist()
    frame_ids = [number for number, _ in images] or boxed
    if images and rows is not None:
        image_frames, has_box = set(frame_ids), set(boxed)
        unseen = [frame for frame in boxed if frame not in image_frames]
        if unseen:
            place = f'{GT}: frame {unseen[0]} has no image in {IMAGES}'
            log.add('frame_without_image', place, len(unseen))
            rows = rows[~np.isin(rows[:, 0], unseen)]
        empty = [frame for frame in frame_ids if frame not in has_box]
        if empty:
            place = f'{IMAGES}: frame {empty[0]} has no row in {GT}'
            log.add('image_without_box', place, len(empty))
    if frame_ids and len(frame_ids) < frame_ids[-1] - frame_ids[0] + 1:
        log.add('sparse_frames', f'{len(frame_ids)} frames up to {frame_ids[-1]}')
    return frame_ids, rows


def _count_lost_tracks(
    rows: np.ndarray | None, track_ids: list[int], log: RepairLog
) -> None:
    lost = [] if rows is None else sorted({*track_ids} - {*rows[:, 1].astype(int)})
    if lost:
        log.add('track_without_box', f'{GT}: trajectory {lost[0]}', len(lost))


def _image_size(
    folder: Path, images: list[tuple[int, str]], log: RepairLog
) -> tuple[int | None, int | None]:
    """Width and height of the first image, upright, from its header alone."""
    if not images:
        return None, None
    name = f'{IMAGES}/{images[0][1]}'
    try:
        return image_size(folder / name)
    except (OSError, ValueError) as error:
        message = message_without_path(error, folder / name)
        log.add('image_unreadable', f'{name}: {message}')
        return None, None


def _read_json(path: Path, name: str, kind: str, log: RepairLog) -> Any:
    try:
        return read_json(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        log.add(kind, f'{name}: {message_without_path(error, path)}')
        return None


def _read_spans(
    folder: Path, offset: int, log: RepairLog
) -> tuple[list[list] | None, float | None]:
    """Interactions with their first and last frame, and the frame rate."""
    content = _read_json(folder / SPANS, SPANS, 'span_malformed', log)
    if content is None:
        return None, None
    if not isinstance(content, dict) or not isinstance(
        content.get('trajectories'), list
    ):
        log.add('span_malformed', f'{SPANS}: there is no list "trajectories"')
        return None, None
    spans = []
    for number, item in enumerate(content['trajectories']):
        item = item if isinstance(item, dict) else {}
        span = _span(item, offset)
        if span is None:
            log.add('span_malformed', f'{SPANS}: entry {number}: {item!r:.80}')
        else:
            spans.append(span)
    fps = content.get('fps')
    if fps is not None and fps not in FRAME_RATE:
        log.add('fps_malformed', f'{SPANS}: fps {fps!r:.40}')
        fps = None
    return spans, None if fps is None else float(fps)


def _span(item: dict[str, Any], offset: int) -> list | None:
    """Subject, verb, object, first and last frame; ``None`` where one is malformed."""
    verb = item.get('verb')
    numbers: list[int] = []
    for key in ('subject', 'object', 'start', 'end'):
        number = item.get(key)
        if type(number) is not int or not 0 <= number <= MAX_NUMBER:
            return None
        numbers.append(number)
    subject_id, object_id, start, end = numbers
    if not isinstance(verb, str) or not 1 <= start + offset <= end + offset:
        return None
    return [subject_id, verb, object_id, start + offset, end + offset]


def _read_expressions(folder: Path, log: RepairLog) -> list[dict] | None:
    try:
        names = sorted(os.listdir(folder / EXPRESSIONS))
    except (FileNotFoundError, NotADirectoryError):
        return None
    expressions = []
    for name in names:
        if not name.endswith('.json') or name.startswith('.'):
            continue
        place = f'{EXPRESSIONS}/{name}'
        content = _read_json(folder / place, place, 'expression_malformed', log)
        if content is not None:
            expressions.append(dict(file=name, content=content))
    return expressions
