"""MOTChallenge text: the ugly files that people have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.structures import (
    Trajectories,
    read_detections,
    read_trajectories,
    write_trajectories,
)


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_bom_crlf_blanks_and_spaces(tmp_path: Path) -> None:
    path = write(
        tmp_path / 'gt.txt',
        '\ufeff2, 1, 10, 20, 5, 6, 1, 1, .5\r\n\r\n1 1 10 20 5 6\r\n',
    )
    table = read_trajectories(path)
    assert table.frame_ids.tolist() == [1, 2]
    assert table.boxes.tolist() == [[10, 20, 15, 26]] * 2
    assert table.visibility.tolist() == [1.0, 0.5]


def test_repairs_are_counted_and_strict_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(
        tmp_path / 'gt.txt',
        '1,1,0,0,5,5\n1,1,9,9,5,5\n1,2,0,0,-5,5\n1,3,nan,0,5,5\n-1,4,0,0,5,5\n2,1,0,0,5,5\n',
    )
    messages: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.mot_text.print_log', lambda text, **_: messages.append(text)
    )
    table = read_trajectories(path)
    assert [text.split(': ', 1)[1].split(', first')[0] for text in messages] == [
        '2 of 6 rows without a proper box or score',
        '1 of 4 rows whose frame number is no whole number from 1 on',
        '1 of 3 rows with a (frame, id) seen before',
    ]
    assert list(zip(table.frame_ids, table.ids, strict=True)) == [(1, 1), (2, 1)]
    assert table.boxes[0].tolist() == [0, 0, 5, 5]  # the first of two rows stays
    for strict_call in (read_trajectories, read_detections):
        with pytest.raises(
            ValueError, match='2 of 6 rows without a proper box or score'
        ):
            strict_call(path, strict=True)


@pytest.mark.parametrize(
    ('line', 'message'),
    [('1,1,a,0,5,5', 'expected numbers'), ('1,1,0,0,5', 'at least 6 columns')],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / 'gt.txt', f'1,1,0,0,5,5\n\n{line}\n')
    with pytest.raises(ValueError, match=rf'gt\.txt:3: .*{message}'):
        read_trajectories(path)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was logged, without the file's name and the first row."""
    table: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.mot_text.print_log',
        lambda text, **_: table.append(text.split(': ', 1)[1].split(', first')[0]),
    )
    return table


def test_detections_unsorted_and_duplicated(
    tmp_path: Path, messages: list[str]
) -> None:
    path = write(
        tmp_path / 'det.txt',
        '3,-1,0,0,5,5,.9\n1,-1,1,1,5,5,.8\n3,-1,2,2,5,5,.7\n3,-1,2,2,5,5,.7\n'
        '3,-1,2,2,5,5,.6\n2,-1,2,2,5,5,.7\n',
    )
    table = read_detections(path)
    assert sorted(table) == [1, 2, 3]
    assert table[3].scores.tolist() == [0.9, 0.7, 0.6]
    assert table[1].boxes.tolist() == [[1, 1, 6, 6]]
    assert messages == ['1 of 6 rows with a (frame, box, score) seen before']
    with pytest.raises(ValueError, match=r'det\.txt: 1 of 6 rows with a \(frame, box'):
        read_detections(path, strict=True)


@pytest.mark.parametrize('frame', ['-3', '1.7', '1e30', 'nan', 'inf'])
def test_frame_numbers_that_are_none(
    tmp_path: Path, messages: list[str], frame: str
) -> None:
    path = write(tmp_path / 'x.txt', f'{frame},5,0,0,5,5,.9\n2,5,0,0,5,5,.9\n')
    assert sorted(read_detections(path)) == [2]
    assert read_trajectories(path).frame_ids.tolist() == [2]
    message = '1 of 2 rows whose frame number is no whole number from 1 on'
    assert messages == [message] * 2
    for read in (read_detections, read_trajectories):
        with pytest.raises(ValueError, match=message):
            read(path, strict=True)


def test_ids_and_classes_that_are_none(tmp_path: Path, messages: list[str]) -> None:
    path = write(
        tmp_path / 'gt.txt',
        '1,1.2,0,0,5,5,1,1,1\n1,1.7,0,0,5,5,1,1,1\n1,-1,0,0,5,5,1,1,1\n'
        '1,1e30,0,0,5,5,1,1,1\n1,2,0,0,5,5,1,nan,1\n1,3,0,0,5,5,1,1e30,1\n'
        '1,4,0,0,5,5,nan,1,1\n1,5,0,0,5,5,1,1,inf\n1,6,0,0,5,5,1,7,.5\n',
    )
    table = read_trajectories(path)
    assert (table.ids.tolist(), table.labels.tolist()) == ([6], [7])
    assert messages == [
        '1 of 9 rows without a proper box or score',
        '4 of 8 rows whose id is no whole number from 0 to 2^53 - 1',
        '3 of 4 rows without a proper class or visibility',
    ]


def test_world_coordinates_may_be_anything(tmp_path: Path, messages: list[str]) -> None:
    path = write(
        tmp_path / 'gt.txt', '1,1,0,0,5,5,1,nan,2.5,inf\n2,1,0,0,5,5,0,3.5,nan,0\n'
    )
    table = read_trajectories(path)
    assert table.scores.tolist() == [1, 0]
    assert (table.labels.tolist(), table.visibility.tolist()) == ([0, 0], [1, 1])
    assert sorted(read_detections(path)) == [1, 2]
    assert messages == []


def test_a_score_that_is_not_given_is_one(tmp_path: Path) -> None:
    """Also where a short row stands among longer ones; a negative score is a score."""
    path = write(
        tmp_path / 'det.txt',
        '1,-1,0,0,5,5,-1\n1,-1,9,0,5,5\n1,-1,0,9,5,5,-.7\n1,-1,9,9,5,5,.4\n',
    )
    assert read_detections(path)[1].scores.tolist() == [1, 1, -0.7, 0.4]


@pytest.mark.parametrize('data', ['1,1,0,0,5,5\n'.encode('utf-16'), b'\x89PNG\x00\xff'])
def test_what_is_no_text_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / 'gt.txt'
    path.write_bytes(data)
    with pytest.raises(
        ValueError, match=r'gt\.txt: expected text in UTF-8, found byte'
    ):
        read_trajectories(path)


def test_empty_file(tmp_path: Path) -> None:
    path = write(tmp_path / 'x.txt', '')
    assert len(read_trajectories(path)) == 0
    assert read_detections(path) == {}


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int):
    rng = np.random.default_rng(seed)
    keys = rng.choice(10_000, rows, replace=False)
    corners = rng.uniform(-50, 2000, (rows, 2)).round(3)
    sizes = rng.uniform(0.1, 500, (rows, 2)).round(3) + 0.001
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    written = Trajectories(
        keys // 100 + 1, keys % 100, boxes, rng.random(rows).round(6)
    )
    path = tmp_path_factory.mktemp('round') / 'tracks.txt'
    write_trajectories(written, path)
    table = read_trajectories(path)
    np.testing.assert_array_equal(table.ids, written.ids)
    np.testing.assert_array_equal(table.frame_ids, written.frame_ids)
    np.testing.assert_allclose(table.boxes, written.boxes, atol=2e-3)
    np.testing.assert_allclose(table.scores, written.scores, atol=1e-6)
    assert not list(path.parent.glob('.*'))


def test_detections_that_differ_in_other_columns_are_the_same(
    tmp_path: Path, messages: list[str]
) -> None:
    path = write(tmp_path / 'det.txt', '1,4,0,0,5,5,.9,1\n1,7,0,0,5,5,.9,3\n')
    assert len(read_detections(path)[1]) == 1
    assert messages == ['1 of 2 rows with a (frame, box, score) seen before']


def test_an_empty_field_is_an_error_and_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / 'gt.txt'
    path.write_text('1,1,,20,30,40,7,1,1\n')
    with pytest.raises(ValueError, match='gt.txt:1: expected numbers'):
        read_trajectories(path)
    path.write_text('1,1,5,20,30,40,1,1,1,\n')  # a comma at the end is no field
    assert read_trajectories(path).boxes.tolist() == [[5, 20, 35, 60]]


@pytest.mark.parametrize(
    'row', ['1_0,1,0,0,5,5,.9', '١,1,0,0,5,5,.9', '1,1,0,0,5,5,.9_1']
)
def test_underscores_and_other_digits_are_no_numbers(tmp_path: Path, row: str) -> None:
    path = write(tmp_path / 'det.txt', f'1,1,9,9,5,5,.9\n{row}\n')
    for read in (read_detections, read_trajectories):
        with pytest.raises(ValueError, match=r'det\.txt:2: expected numbers'):
            read(path)


def test_scores_that_no_sum_can_hold(tmp_path: Path, messages: list[str]) -> None:
    """A logit or a percentage is a score."""
    rows = [
        f'1,{n},0,0,5,5,{s}'
        for n, s in enumerate(['1e308', '-1e10', '1e9', '-7', '95'])
    ]
    path = write(tmp_path / 'det.txt', '\n'.join(rows))
    assert read_trajectories(path).scores.tolist() == [1e9, -7, 95]
    assert messages == ['2 of 5 rows without a proper box or score']


def test_ids_that_a_float_cannot_tell_apart(
    tmp_path: Path, messages: list[str]
) -> None:
    path = write(
        tmp_path / 'tracks.txt',
        f'1,{2**53},0,0,5,5\n1,{2**53 + 1},9,0,5,5\n1,{2**53 - 1},0,9,5,5\n',
    )
    assert read_trajectories(path).ids.tolist() == [2**53 - 1]
    assert messages == ['2 of 3 rows whose id is no whole number from 0 to 2^53 - 1']


def test_fractions_of_the_image_are_no_pixels(tmp_path: Path) -> None:
    path = write(tmp_path / 'det.txt', '1,-1,.2,.5,.05,.2,.9\n2,-1,.8,.5,.05,.2,.9\n')
    for read in (read_detections, read_trajectories):
        with pytest.raises(
            ValueError, match=r'det\.txt: every box lies inside the first'
        ):
            read(path)
    # One box of less than a pixel is what some detectors give.
    write(path, '1,1,.2,.5,.05,.2,.9\n2,1,80,50,5,20,.9\n')
    assert len(read_trajectories(path)) == 2
