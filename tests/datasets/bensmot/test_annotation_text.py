"""Tests of the text files of a sequence: boxes and captions."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.datasets.bensmot.annotation_text import (
    parse_box_annotation_text,
    parse_captions,
    read_annotation_lines,
)
from mmsmot.datasets.bensmot.repairs import RepairLog


def boxes(*lines: str) -> tuple[list, list[int], dict]:
    log = RepairLog()
    rows, ids = parse_box_annotation_text([*enumerate(lines, 1)], 'gt.txt', log)
    return rows.tolist(), ids, dict(log.counts)


@pytest.mark.parametrize(
    ('line', 'row', 'kinds'),
    [
        ('1,2,3,4,5,6,1,1,0.5', [1, 2, 3, 4, 5, 6, 1, 1, 0.5], {}),
        ('1,2,3,4,5,6', [1, 2, 3, 4, 5, 6, 1, 0, 1], {'gt_columns': 1}),
        ('1,2,3,4,5,6,0', [1, 2, 3, 4, 5, 6, 0, 0, 1], {'gt_columns': 1}),
        ('1 2 3 4 5 6 0 3', [1, 2, 3, 4, 5, 6, 0, 3, 1], {'gt_columns': 1}),
        ('1,2,3,4,5,6,-1,-1,-1', [1, 2, 3, 4, 5, 6, 1, -1, 1], {}),
        ('1,2,3,4,5,6,1,1,1,9', [1, 2, 3, 4, 5, 6, 1, 1, 1], {'gt_columns': 1}),
    ],
)
def test_columns(line, row, kinds) -> None:
    assert boxes(line) == ([row], [2], kinds)


@pytest.mark.parametrize(
    ('line', 'kind'),
    [
        ('1,2,3,4,5', 'gt_malformed_row'),
        ('1,2,3,4,5,x', 'gt_malformed_row'),
        ('1_0,2,3,4,5,6', 'gt_malformed_row'),
        ('١,2,3,4,5,6', 'gt_malformed_row'),
        ('1,2,3,4,5,6,7,8,9,10,11', 'gt_malformed_row'),
        ('-1,2,3,4,5,6', 'gt_bad_number'),
        ('1,2.5,3,4,5,6', 'gt_bad_number'),
        ('nan,2,3,4,5,6', 'gt_bad_number'),
        ('1,inf,3,4,5,6', 'gt_bad_number'),
        ('1,1e12,3,4,5,6', 'gt_bad_number'),
        ('1,9,3,4,0,6', 'gt_box_without_area'),
        ('1,9,3,nan,5,6', 'gt_box_without_area'),
    ],
)
def test_bad_rows(line, kind) -> None:
    rows, ids, counts = boxes('1,2,3,4,5,6', line)
    assert rows == [[1, 2, 3, 4, 5, 6, 1, 0, 1]]
    assert counts.pop('gt_columns') == 1
    assert counts == {kind: 1}
    assert ids == ([2, 9] if kind == 'gt_box_without_area' else [2])


def test_the_first_of_repeated_rows_stays() -> None:
    rows, _, counts = boxes(
        '2,1,9,9,9,9,1,1,1',
        '1,1,1,1,1,1,1,1,1',
        '2,1,8,8,8,8,1,1,1',
        '2,1,7,7,7,7,1,1,1',
    )
    assert [row[2] for row in rows] == [9, 1]
    assert counts == {'gt_repeated_box': 2}


def test_no_rows() -> None:
    assert boxes() == ([], [], {})


@given(st.lists(st.lists(st.floats(-9, 9), min_size=6, max_size=9), max_size=4))
def test_clean_tables_are_read_as_others(table) -> None:
    lines = [','.join(map(repr, row)) for row in table]
    fast = boxes(*lines)
    slow = boxes(*(line.replace(',', ' , ') for line in lines), 'oops')
    assert fast[:2] == slow[:2]
    assert slow[2].pop('gt_malformed_row') == 1
    assert fast[2] == slow[2]


def test_lines(tmp_path) -> None:
    path = tmp_path / 'x.txt'
    path.write_bytes(b'\xef\xbb\xbfa\r\n\r\nb\xc2\x85c\rd \n\n')
    log = RepairLog()
    lines = read_annotation_lines(path, 'x.txt', log)
    assert lines == [(1, 'a'), (3, 'b\x85c'), (4, 'd ')]
    assert log.counts == {
        'byte_order_mark': 1,
        'windows_line_ends': 1,
        'blank_lines': 2,
    }
    assert read_annotation_lines(tmp_path / 'none', 'none', log) is None


@pytest.mark.parametrize(
    ('line', 'name', 'text'),
    [
        ('woman0: A woman: tall.', 'woman0', 'A woman: tall.'),
        ('  Old Man 1 : He.', 'oldman1', 'He.'),
        ('woman0：她走路。', 'woman0', '她走路。'),
        ('man:He.', 'man', 'He.'),
        ('man0:', 'man0', ''),
        ('A man waves.', '', 'A man waves.'),
    ],
)
def test_caption_lines(line, name, text) -> None:
    log = RepairLog()
    (caption,) = parse_captions([(7, line)], 'c.txt', log)
    assert (caption.name, caption.text, caption.line) == (name, text, 7)
    assert log.counts == ({} if name else {'caption_unnamed': 1})


def test_repeated_names_are_counted_anew() -> None:
    lines = ['man0: a', 'woman0: b', 'man0: c', 'no name', 'man1: d']
    log = RepairLog()
    captions = parse_captions([*enumerate(lines, 1)], 'c.txt', log)
    assert [c.name for c in captions] == ['man0', 'woman0', 'man1', '', 'man2']
    assert log.examples['caption_names_repeated'] == ["c.txt:3: 'man0' again"]


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory, data) -> None:
    path = tmp_path_factory.getbasetemp() / 'any.txt'
    path.write_bytes(data)
    log = RepairLog()
    lines = read_annotation_lines(path, 'any.txt', log)
    rows, ids = parse_box_annotation_text(lines, 'any.txt', log)
    assert rows.shape[1:] == (9,) and np.isfinite(rows).all()
    assert set(rows[:, 1]) <= set(ids)
    assert len(parse_captions(lines, 'any.txt', log)) == len(lines)


def test_control_characters_are_blanks_in_words() -> None:
    log = RepairLog()
    lines = [
        (1, 'man0: A man\x1b[31m\x00 walks.\t'),
        (2, 'woman0: A\tw\u200doman\x85.'),
    ]
    captions = parse_captions(lines, 'c.txt', log)
    assert [c.text for c in captions] == ['A man [31m  walks.', 'A\tw\u200doman .']
    assert log.counts == {'control_characters': 2}
    assert log.examples['control_characters'][0].startswith(
        "c.txt:1: 'man0: A man\\x1b"
    )


def test_many_captions_take_no_time() -> None:
    """Each name was looked for among all before it: minutes for 100,000."""
    lines = [(i, f'man{i}: A man.') for i in range(50_000)] + [(50_000, 'man7: He.')]
    log, start = RepairLog(), time.process_time()
    captions = parse_captions(lines, 'c.txt', log)
    assert time.process_time() - start < 5
    assert log.examples['caption_names_repeated'] == ["c.txt:50000: 'man7' again"]
    assert len({caption.name for caption in captions}) == len(lines)
