"""Tests of reading and writing seqinfo.ini."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.datasets.seqinfo import SeqInfo, read_seqinfo, write_seqinfo


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    info = SeqInfo('walk', 'img1', 29.97, 120, 480, 270)
    write_seqinfo(info, tmp_path, '.jpg')
    assert read_seqinfo(tmp_path) == info
    assert 'imExt=.jpg' in (tmp_path / 'seqinfo.ini').read_text()


def test_real_file(test_data: Path) -> None:
    info = read_seqinfo(test_data / 'data/MOT17-mini/train/MOT17-05-FRCNN')
    assert info == SeqInfo('MOT17-05-FRCNN', 'img1', 14, 837, 640, 480)


def test_missing_file_is_none(tmp_path: Path) -> None:
    assert read_seqinfo(tmp_path) is None


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    text = '\ufeff[Sequence]\r\nname=a%b\r\nframeRate=14\r\nimWidth=640\r\n'
    (tmp_path / 'seqinfo.ini').write_bytes(text.encode())
    assert read_seqinfo(tmp_path) == SeqInfo('a%b', 'img1', 14, None, 640, None)


@pytest.mark.parametrize('value', ['fast', '0', '-3', 'nan', 'inf', '1_0', '٣٠'])
def test_bad_number_names_file_and_key(tmp_path: Path, value: str) -> None:
    (tmp_path / 'seqinfo.ini').write_text(f'[Sequence]\nframeRate={value}\n')
    with pytest.raises(ValueError, match=rf'seqinfo\.ini: frameRate .*{value}'):
        read_seqinfo(tmp_path)


@pytest.mark.parametrize(
    'line',
    ['frameRate=1e308', 'frameRate=1e-9', 'seqLength=1000000000', f'imWidth={10**18}'],
)
def test_numbers_beyond_any_camera(tmp_path: Path, line: str) -> None:
    (tmp_path / 'seqinfo.ini').write_text(f'[Sequence]\n{line}\n')
    key, value = line.split('=')
    with pytest.raises(ValueError, match=rf'{key} must be .* to [\de+]+, got .{value}'):
        read_seqinfo(tmp_path)


@pytest.mark.parametrize('text', ['', 'frameRate=30\n', '[Other]\nframeRate=30\n'])
def test_missing_section_says_what_was_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / 'seqinfo.ini').write_text(text)
    with pytest.raises(ValueError, match=r'seqinfo\.ini: expected .*\[Sequence\]'):
        read_seqinfo(tmp_path)


def test_what_is_not_known_has_no_line(tmp_path: Path) -> None:
    write_seqinfo(SeqInfo('a', 'imgs', 2, 9), tmp_path, '.jpg')
    assert read_seqinfo(tmp_path) == SeqInfo('a', 'imgs', 2, 9, None, None)
