"""Which videos are meant, and where the results of each go."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.apis.inputs import expand_inputs

OUT = Path('out')


def put_image(folder: Path, name: str = '000001.jpg') -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), np.zeros((8, 8, 3), np.uint8))


def places(videos) -> list[str]:
    homes, are_several = expand_inputs(videos, OUT)
    assert are_several
    return [str(home.relative_to(OUT)) for home in homes.values()]


def test_one_alone(tmp_path: Path) -> None:
    put_image(tmp_path / 'walk' / 'img1')
    (tmp_path / 'walk' / 'preview.mp4').touch()
    put_image(tmp_path / 'images')
    put_image(tmp_path / 'images' / 'thumbnails')
    for one in ('a.mp4', 'camera:0', tmp_path / 'walk', tmp_path / 'images'):
        assert expand_inputs(one, OUT) == ({str(one): OUT}, False)
    assert expand_inputs(0, OUT) == ({'camera:0': OUT}, False)


def test_a_folder_without_a_video(tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    (tmp_path / '._a.mp4').touch()
    put_image(tmp_path, '._1.jpg')
    put_image(tmp_path / 'a' / 'b' / 'c' / 'd')  # too deep
    with pytest.raises(ValueError, match='no video in it, nor 3 folders deep'):
        expand_inputs(tmp_path, OUT)
    assert places([tmp_path / 'empty', 'b.mp4']) == ['empty', 'b']


def test_a_list() -> None:
    homes, are_several = expand_inputs(['x/a.mp4', Path('y/b.v2.mp4')], OUT)
    assert homes == {'x/a.mp4': OUT / 'a', 'y/b.v2.mp4': OUT / 'b.v2'}
    assert are_several
    assert expand_inputs([], OUT) == ({}, True)


def test_what_a_scan_of_a_folder_gives(tmp_path: Path) -> None:
    """The text of an ``os.DirEntry`` is no path."""
    (tmp_path / 'a.mp4').touch()
    with os.scandir(tmp_path) as entries:
        homes, _ = expand_inputs(list(entries), OUT)
    assert homes == {str(tmp_path / 'a.mp4'): OUT / 'a'}


def test_a_list_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="'a' is the name of several"):
        expand_inputs(['x/a.mp4', 'y/a.avi'], OUT)
    with pytest.raises(ValueError, match='camera:1 is a live stream: give it alone'):
        expand_inputs(['a.mp4', 'camera:1'], OUT)


def test_a_folder_of_video_files(tmp_path: Path) -> None:
    day = tmp_path / 'day'
    (day / 'empty').mkdir(parents=True)
    for name in ('b.MP4', 'a.mkv', 'notes.txt'):
        (day / name).touch()
    assert places(day) == ['a', 'b']
    assert places([day]) == places(tmp_path) == ['day/a', 'day/b']
    (day / 'a.avi').touch()
    with pytest.raises(ValueError, match="'a' is the name of several"):
        expand_inputs(day, OUT)


def test_a_split_of_a_dataset(tmp_path: Path) -> None:
    """Names repeat from activity to activity; a sequence is not looked into."""
    for place in ('dancing/0001', 'chasing/0001', 'chasing/0002'):
        put_image(tmp_path / 'test' / place / 'imgs')
    put_image(tmp_path / 'test' / '.cache' / '0001')
    found = ['chasing/0001', 'chasing/0002', 'dancing/0001']
    assert places(tmp_path / 'test') == found
    assert places(str(tmp_path)) == [f'test/{place}' for place in found]
    assert places([*(tmp_path / 'test').glob('d*')]) == ['dancing/0001']


def test_a_folder_that_may_not_be_read_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('MOT17-02', 'MOT17-04'):
        put_image(tmp_path / name / 'img1')
    (tmp_path / 'secret').mkdir()
    listed = Path.iterdir

    def iterdir(path: Path):
        if path.name == 'secret':
            raise PermissionError
        return listed(path)

    monkeypatch.setattr(Path, 'iterdir', iterdir)
    assert places(tmp_path) == ['MOT17-02', 'MOT17-04', 'secret']
