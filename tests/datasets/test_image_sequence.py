"""Tests of image folders and sequence folders: numbering, sizes, bad files."""

from __future__ import annotations

import logging
import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmsmot.datasets.image_decoder import read_image
from mmsmot.datasets.image_sequence import open_image_sequence


def messages(logged: list[logging.LogRecord]) -> str:
    return '\n'.join(record.getMessage() for record in logged)


def test_mot17_the_images_decide(test_data: Path, logged) -> None:
    folder = test_data / 'data/MOT17-mini/train/MOT17-05-FRCNN'
    sequence = open_image_sequence(folder)
    video = sequence.video
    assert (video.name, video.fps, video.width, video.height) == (
        'MOT17-05-FRCNN',
        14,
        640,
        480,
    )
    assert sequence.frame_ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert sequence.frame_at(5).image.shape == (480, 640, 3)
    assert sequence.frame_at(5).timestamp == pytest.approx(5 / 14)
    assert video.files == {
        'det': str(folder / 'det/det.txt'),
        'gt': str(folder / 'gt/gt.txt'),
    }
    assert '6 images of the 837 frames' in messages(logged)


def test_tud_flat_without_images(test_data: Path) -> None:
    folder = test_data / 'data/tud/TUD-Stadtmitte'
    sequence = open_image_sequence(folder)
    assert sequence.frame_ids.tolist() == list(range(1, 180))
    assert sequence.video.files == {
        'det': str(folder / 'det.txt'),
        'gt': str(folder / 'gt.txt'),
    }
    assert (sequence.video.width, sequence.video.height) == (None, None)
    with pytest.raises(ValueError, match='TUD-Stadtmitte: frame 1 has no image'):
        _ = sequence.frame_at(0).image


def test_sequence_length_without_images(tmp_path: Path) -> None:
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nseqLength=9\nframeRate=5\n')
    (tmp_path / 'det.txt').write_text('7,-1,0,0,5,5,1\n')
    assert open_image_sequence(tmp_path).frame_ids.tolist() == list(range(1, 10))


@pytest.mark.parametrize('number', ['1e30', 'inf', 'nan'])
def test_no_frames_are_made_up_for_numbers_that_are_none(tmp_path, number) -> None:
    (tmp_path / 'det.txt').write_text(f'7,-1,0,0,5,5,1\n{number},-1,0,0,5,5,1\n')
    assert open_image_sequence(tmp_path).frame_ids.tolist() == list(range(1, 8))


@pytest.mark.parametrize('seqinfo', [None, 'seqLength=9999999'])
def test_no_millions_of_frames_without_an_image_or_row(tmp_path, seqinfo) -> None:
    (tmp_path / 'det.txt').write_text('7,-1,0,0,5,5,1\n9999999,-1,0,0,5,5,1\n')
    if seqinfo:
        (tmp_path / 'det.txt').write_text('7,-1,0,0,5,5,1\n')
        (tmp_path / 'seqinfo.ini').write_text(f'[Sequence]\n{seqinfo}\n')
    with pytest.raises(
        ValueError, match=r'states 9999999 frames, .* rows are in \d fr'
    ):
        open_image_sequence(tmp_path)


def test_the_images_decide_their_size(tmp_path, write_sequence, logged) -> None:
    folder = write_sequence(tmp_path / 'a')
    text = (folder / 'seqinfo.ini').read_text().replace('imWidth=64', 'imWidth=192')
    (folder / 'seqinfo.ini').write_text(text)
    sequence = open_image_sequence(folder)
    assert (sequence.video.width, sequence.video.height) == (64, 48)
    (warning,) = sequence.warnings
    assert 'images are 64x48, seqinfo.ini states 192x48; the images' in warning
    assert warning in messages(logged)
    assert sequence.frame_at(0).image.shape == (48, 64, 3)


def test_the_size_that_is_stated_counts_where_the_image_is_damaged(
    tmp_path, write_sequence
) -> None:
    folder = write_sequence(tmp_path / 'a')
    (folder / 'img1/000001.png').write_bytes(b'')
    sequence = open_image_sequence(folder)  # public detections need no image
    assert (sequence.video.width, sequence.video.height) == (64, 48)
    with pytest.raises(ValueError, match='000001.png: not an image'):
        _ = sequence.frame_at(0).image
    cv2.imwrite(str(folder / 'img1/000002.png'), np.zeros((50, 64, 3), np.uint8))
    message = (
        r'64x50, its video 64x48 \(by seqinfo.ini, as .*000001.png cannot be read\)'
    )
    with pytest.raises(ValueError, match=message):
        _ = sequence.frame_at(1).image


@pytest.mark.parametrize('size', [(1, 1), (48, 64), (64, 47)])
def test_an_image_of_another_size_is_an_error(tmp_path, write_images, size) -> None:
    folder = write_images(tmp_path / 'a', ['1.png', '2.png', '3.png'])
    cv2.imwrite(str(folder / '2.png'), np.zeros((size[1], size[0], 3), np.uint8))
    frames = list(open_image_sequence(folder))
    assert frames[0].image.shape == frames[2].image.shape == (48, 64, 3)
    with pytest.raises(
        ValueError,
        match=rf'2.png: the image is {size[0]}x{size[1]}, its video 64x48 \(by the first',
    ):
        _ = frames[1].image


def test_an_image_that_exif_turns_among_others(tmp_path) -> None:
    for number, orientation in enumerate((1, 3, 6), start=1):
        write_turned(tmp_path / f'{number}.jpg', orientation)
    frames = list(open_image_sequence(tmp_path))
    assert frames[1].image.shape == (48, 64, 3)
    with pytest.raises(ValueError, match=r'3.jpg: the image is 48x64, its video 64x48'):
        _ = frames[2].image


def test_turned_images_have_the_size_they_are_shown_in(tmp_path) -> None:
    write_turned(tmp_path / '1.jpg', 6)
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nimWidth=64\nimHeight=48\n')
    (tmp_path / 'img1').mkdir()
    (tmp_path / '1.jpg').rename(tmp_path / 'img1/1.jpg')
    sequence = open_image_sequence(tmp_path)
    assert (sequence.video.width, sequence.video.height) == (48, 64)
    assert len(sequence.warnings) == 1


def write_turned(path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new('RGB', (64, 48)).save(path, exif=exif)


def test_deep_images_are_told_of(tmp_path, logged) -> None:
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.full((48, 64), 7000, np.uint16))
    sequence = open_image_sequence(tmp_path)
    for frame in sequence:
        assert frame.image.dtype == np.uint8
    (warning,) = sequence.warnings
    assert f'{tmp_path}: images of more than 8 bits a channel (uint16)' in warning
    assert messages(logged).count(warning) == 1


@pytest.mark.parametrize('name', [b'caf\xe9', 'a\u00b2b'.encode()])
def test_names_in_other_encodings(tmp_path, write_images, name) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b'/' + name)
    write_images(tmp_path / 'a', ['1.png', '2.png'])
    os.rename(tmp_path / 'a', folder)
    for number in (1, 2):
        other_name = os.fsdecode(name + b'%d.png' % number)
        os.rename(
            os.path.join(folder, f'{number}.png'), os.path.join(folder, other_name)
        )
    sequence = open_image_sequence(folder)
    assert sequence.frame_ids.tolist() == [1, 2]
    assert [frame.image.shape for frame in sequence] == 2 * [(48, 64, 3)]


def test_digits_that_are_no_decimals(tmp_path, write_images) -> None:
    names = ['1\u00b22.png', '1\u00b210.png', '1\u00b23.png']
    folder = write_images(tmp_path / 'a', names)
    assert open_image_sequence(folder).frame_ids.tolist() == [2, 3, 10]


def test_missing_seqinfo(tmp_path, write_sequence, logged) -> None:
    sequence = open_image_sequence(write_sequence(tmp_path / 'a', seqinfo=False))
    assert (sequence.video.width, sequence.video.height) == (64, 48)
    assert sequence.video.fps == 30
    assert 'taking 30 frames a second' in messages(logged)


def test_hole_in_the_numbers(tmp_path, write_images, number_of, logged) -> None:
    names = ['000010.jpg', '000011.jpg', '000013.jpg', '000020.jpg']
    sequence = open_image_sequence(write_images(tmp_path / 'a', names))
    assert sequence.frame_ids.tolist() == [10, 11, 13, 20]
    assert [number_of(frame.image) for frame in sequence] == [1, 2, 3, 4]
    holes = [r for r in logged if '7 numbers between 10 and 20' in r.getMessage()]
    assert len(holes) == 1


@pytest.mark.parametrize(
    ('names', 'numbers', 'order'),
    [
        (['img9.png', 'img10.png', 'img8.png'], [8, 9, 10], [3, 1, 2]),
        (['0.png', '1.png', '2.png'], [1, 2, 3], [1, 2, 3]),
        (['b.png', 'a.png', 'c.png'], [1, 2, 3], [2, 1, 3]),
        (['x_10.png', 'y_10.png', 'x_9.png'], [1, 2, 3], [3, 1, 2]),
        (['t1700000000123.png', 't1700000000456.png'], [1, 2], [1, 2]),
        (['cam2_f3.PNG', 'cam2_f5.png'], [3, 5], [1, 2]),
    ],
)
def test_numbers_from_names(
    tmp_path, write_images, number_of, names, numbers, order
) -> None:
    sequence = open_image_sequence(write_images(tmp_path / 'a', names))
    assert sequence.frame_ids.tolist() == numbers
    assert [number_of(frame.image) for frame in sequence] == order


def test_hidden_and_other_files_are_no_frames(tmp_path, write_images) -> None:
    folder = write_images(tmp_path / 'a', ['1.png', '._1.png', '2.png'])
    (folder / 'notes.txt').write_text('hello')
    assert open_image_sequence(folder).frame_ids.tolist() == [1, 2]


def test_frames_survive_pickling_undecoded(tmp_path, write_images, number_of) -> None:
    sequence = open_image_sequence(write_images(tmp_path / 'a', ['1.png', '2.png']))
    frame = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(sequence)).frame_at(1)))
    assert 'image' not in vars(frame)
    assert number_of(frame.image) == 2


def test_grey_image_has_three_channels(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / '1.png'), np.full((48, 64), 77, np.uint8))
    assert np.array_equal(
        read_image(tmp_path / '1.png'), np.full((48, 64, 3), 77, np.uint8)
    )


@pytest.mark.parametrize('content', [b'', b'\xff\xd8\xff\xe0 no jpeg after all'])
def test_damaged_image_names_the_file(tmp_path, write_images, content) -> None:
    folder = write_images(tmp_path / 'a', ['1.png', '2.png'])
    (folder / '2.png').write_bytes(content)
    frames = list(open_image_sequence(folder))
    assert frames[0].image.shape == (48, 64, 3)
    with pytest.raises(ValueError, match=r'2\.png: not an image'):
        _ = frames[1].image


def test_folder_without_images(tmp_path) -> None:
    with pytest.raises(ValueError, match=r'no frames. Expected images \(.*\.jpg'):
        open_image_sequence(tmp_path)


def test_sequence_with_an_empty_image_folder(tmp_path, write_sequence) -> None:
    folder = write_sequence(tmp_path / 'a')
    for image in (folder / 'img1').iterdir():
        image.unlink()
    with pytest.raises(ValueError, match='img1: no image in it'):
        open_image_sequence(folder)


def test_rows_of_frames_that_no_video_has(tmp_path) -> None:
    (tmp_path / 'det.txt').write_text('100000000000000000,-1,1,2,3,4,1\n')
    with pytest.raises(
        ValueError, match=r'det.txt are none from 0 .*the first is 1e\+17'
    ):
        open_image_sequence(tmp_path)
