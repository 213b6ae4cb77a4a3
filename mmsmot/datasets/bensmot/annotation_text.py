"""The text files of a BenSMOT sequence: boxes and captions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...structures import valid_boxes, xywh_to_xyxy
from ...utils.number_text import parse_number_texts
from ...utils.text_file import read_text_file_bytes
from ..caption_text import caption_has_control_characters, clean_caption
from .repairs import RepairLog

# What stands for a column that is not there: consider it, no class, fully visible.
DEFAULTS = (1.0, 0.0, 1.0)
COLUMNS = 6 + len(DEFAULTS)
MAX_NUMBER = 10**9  # of a frame or an id; more is no count
_NAMED = re.compile(r'\s*([^\W\d][^:：\d]{0,40}\d+|[^\W\d]\w*)\s*[:：]\s*(.*)')


def read_annotation_lines(
    path: Path, name: str, log: RepairLog
) -> list[tuple[int, str]] | None:
    """The lines of a text that hold something, with their numbers from 1.

    Args:
        path: The file; ``None`` is returned where there is none.
        name: How the log calls it.
        log: Takes marks, line ends, blank lines and characters that are not UTF-8.
    """
    try:
        data = read_text_file_bytes(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if data.startswith(b'\xef\xbb\xbf'):
        log.add('byte_order_mark', f'{name}:1: a byte-order mark')
    if b'\r' in data:
        log.add('windows_line_ends', f'{name}:1: a line ends in CR')
    try:
        text = data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        number = data.count(b'\n', 0, error.start) + 1
        log.add('not_utf8', f'{name}:{number}: {error.reason}')
        text = data.decode('utf-8-sig', errors='replace')
    # Not splitlines: it also breaks at characters that captions may hold.
    pieces = re.split(r'\r\n|\r|\n', text)
    if not pieces[-1].strip():
        pieces.pop()
    lines = []
    for number, line in enumerate(pieces, start=1):
        if line.strip():
            lines.append((number, line))
        else:
            log.add('blank_lines', f'{name}:{number}: nothing in it')
    return lines


def read_caption_annotation(text: str, place: str, log: RepairLog) -> str:
    """Read a file of one caption, cleaned by :func:`~..caption_text.clean_caption`.

    Args:
        text: One line of the file.
        place: The file and the place in it.
        log: Takes control characters, but for tabs.
    """
    if caption_has_control_characters(text):
        log.add('control_characters', f'{place}: {text.strip()[:60]!r}')
    return clean_caption(text)


def parse_box_annotation_text(
    lines: list[tuple[int, str]], name: str, log: RepairLog
) -> tuple[np.ndarray, list[int]]:
    """The rows ``frame,id,x,y,w,h[,consider,class,visibility[,more]]``.

    Returns:
        (R, 9) float64 rows with a proper box, and every trajectory id in the file,
        ascending: also those whose boxes are all bad, since captions count by them.
    """
    table, numbers, widths = _number_rows(lines, name, log)
    if widths - {COLUMNS}:
        has = ', '.join(map(str, sorted(widths)))
        log.add('gt_columns', f'{name}: rows of {has} columns')
    for column in (6, 8):  # -1 is MOTChallenge's "not given"
        table[table[:, column] == -1, column] = 1.0
    return _proper_rows(table, numbers, name, log)


def _number_rows(
    lines: list[tuple[int, str]], name: str, log: RepairLog
) -> tuple[np.ndarray, np.ndarray, set[int]]:
    """(R, 9) rows, their line numbers, and how many columns there were."""
    table = _clean_table([line for _, line in lines])
    if table is not None:
        missing = np.tile(DEFAULTS[table.shape[1] - 6 :], (len(table), 1))
        numbers = np.array([number for number, _ in lines])
        return np.hstack([table, missing]), numbers, {table.shape[1]}
    rows: list[list[float]] = []
    line_numbers: list[int] = []
    widths: set[int] = set()
    for number, line in lines:
        try:
            row = parse_number_texts(line)
        except ValueError:
            row = []
        if not 6 <= len(row) <= 10:
            log.add('gt_malformed_row', f'{name}:{number}: {line.strip()[:60]!r}')
            continue
        widths.add(len(row))
        rows.append([*row[:COLUMNS], *DEFAULTS[len(row) - 6 :]])
        line_numbers.append(number)
    table = np.array(rows).reshape(-1, COLUMNS)
    return table, np.array(line_numbers, int), widths


def _clean_table(lines: list[str]) -> np.ndarray | None:
    """All rows at once; ``None`` where they are not 6 to 9 numbers, alike in each.

    NumPy's parser takes all lines at once.
    """
    if not lines:
        return None
    try:
        table = np.loadtxt(lines, delimiter=',', comments=None, ndmin=2)
    except ValueError:
        return None
    return table if 6 <= table.shape[1] <= COLUMNS else None


def _proper_rows(
    table: np.ndarray, numbers: np.ndarray, name: str, log: RepairLog
) -> tuple[np.ndarray, list[int]]:
    def drop(bad: np.ndarray, kind: str) -> None:
        nonlocal table, numbers
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            place = f'{name}:{numbers[row]}: {table[row, :6].tolist()}'
            log.add(kind, place, int(bad.sum()))
            table, numbers = table[~bad], numbers[~bad]

    keys = table[:, :2]
    with np.errstate(invalid='ignore'):
        is_whole = (keys >= 0) & (keys % 1 == 0) & (keys <= MAX_NUMBER)
        # A class may be -1 in MOTChallenge's files.
        named = np.abs(table[:, 7]) <= MAX_NUMBER
        drop(~(is_whole.all(axis=1) & named), 'gt_bad_number')
    track_ids = np.unique(table[:, 1].astype(np.int64)).tolist()
    has_box = valid_boxes(xywh_to_xyxy(table[:, 2:6])) & np.isfinite(table).all(axis=1)
    drop(~has_box, 'gt_box_without_area')
    _, first = np.unique(table[:, :2], axis=0, return_index=True)
    repeated = np.ones(len(table), bool)
    repeated[first] = False
    drop(repeated, 'gt_repeated_box')
    return table, track_ids


@dataclass(frozen=True)
class CaptionAnnotation:
    """A line ``woman0: A woman ...`` of ``instance_captions.txt``.

    Attributes:
        name: ``'woman0'``, category and a count in it; ``''`` where there is none.
        text: The caption.
        line: Its line, from 1.
    """

    name: str
    text: str
    line: int


def parse_captions(
    lines: list[tuple[int, str]], name: str, log: RepairLog
) -> list[CaptionAnnotation]:
    """The captions in the file's order, which is that of the trajectories' ids."""
    captions = []
    for number, line in lines:
        line = read_caption_annotation(line, f'{name}:{number}', log)
        match = _NAMED.fullmatch(line)
        if match is None:
            log.add('caption_unnamed', f'{name}:{number}: {line[:60]!r}')
        label, text = match.groups() if match else ('', line)
        captions.append(
            CaptionAnnotation(normalized_annotation_name(label), text.strip(), number)
        )
    names: set[str] = set()
    for caption in captions:
        if caption.name in names:
            place = f'{name}:{caption.line}: {caption.name!r} again'
            log.add('caption_names_repeated', place)
            return _counted_anew(captions)
        names.update([caption.name] if caption.name else [])
    return captions


def normalized_annotation_name(name: str) -> str:
    """A name as it is compared: lower case, no blanks."""
    return ''.join(name.lower().split())


def _counted_anew(captions: list[CaptionAnnotation]) -> list[CaptionAnnotation]:
    """Names with the suffix that their category's count gives."""
    counts: dict[str, int] = {}
    renamed = []
    for caption in captions:
        category = caption.name.rstrip('0123456789')
        label = f'{category}{counts.get(category, 0)}' if category else ''
        counts[category] = counts.get(category, 0) + 1
        renamed.append(CaptionAnnotation(label, caption.text, caption.line))
    return renamed
