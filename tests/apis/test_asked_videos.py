"""Which videos are meant, and where the results of each go."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.apis.asked_videos import asked_videos

OUT = Path('out')


def put_image(folder: Path) -> None:
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / '000001.jpg'), np.zeros((8, 8, 3), np.uint8))


def test_one_alone(tmp_path: Path) -> None:
    put_image(tmp_path / 'walk' / 'img1')
    put_image(tmp_path / 'images')
    for one in ('a.mp4', 0, 'camera:0', tmp_path / 'walk', tmp_path / 'images'):
        assert asked_videos(one, OUT) is None


def test_nothing_in_a_folder_is_said_by_who_opens_it(tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    assert asked_videos(tmp_path, OUT) is None


def test_a_list() -> None:
    asked = asked_videos(['x/a.mp4', Path('y/b.v2.mp4')], OUT)
    assert asked == {'x/a.mp4': OUT / 'a', 'y/b.v2.mp4': OUT / 'b.v2'}
    assert asked_videos([], OUT) == {}


def test_a_list_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'a' is the name of several"):
        asked_videos(['x/a.mp4', 'y/a.avi'], OUT)
    with pytest.raises(ValueError, match='camera:1 is a live stream: give it alone'):
        asked_videos(['a.mp4', 'camera:1'], OUT)


def test_a_folder_of_video_files(tmp_path: Path) -> None:
    for name in ('b.MP4', 'a.mkv', 'notes.txt'):
        (tmp_path / name).touch()
    asked = asked_videos(tmp_path, OUT)
    assert list(asked.values()) == [OUT / 'a', OUT / 'b']


def test_a_split_of_a_dataset(tmp_path: Path) -> None:
    """Names repeat from activity to activity; a sequence is not looked into."""
    for place in ('dancing/0001', 'chasing/0001', 'chasing/0002'):
        put_image(tmp_path / 'test' / place / 'imgs')
    put_image(tmp_path / 'test' / '.cache' / '0001')
    asked = asked_videos(tmp_path / 'test', OUT)
    places = ['chasing/0001', 'chasing/0002', 'dancing/0001']
    assert [str(home) for home in asked.values()] == [f'out/{p}' for p in places]
    assert [Path(name).is_dir() for name in asked] == [True] * 3
    root = asked_videos(str(tmp_path), OUT)
    assert list(root.values())[0] == OUT / 'test' / 'chasing' / '0001'


def test_sequences_of_mot_challenge(tmp_path: Path) -> None:
    for name in ('MOT17-02', 'MOT17-04'):
        put_image(tmp_path / name / 'img1')
    assert list(asked_videos(tmp_path, OUT).values()) == [
        OUT / 'MOT17-02',
        OUT / 'MOT17-04',
    ]
