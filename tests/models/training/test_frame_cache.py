"""Records of images: which image is which, and what a damaged file costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import save_file

from mmsmot.datasets import image_sequence
from mmsmot.datasets.image_sequence import ImageFile
from mmsmot.models.training.frame_cache import FrameCache, Record
from mmsmot.structures import Frame, VideoInfo

VIDEO = VideoInfo('a', 'a', width=8, height=6)


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)


def file_frame(path: Path, frame_id: int = 1) -> Frame:
    return Frame(VIDEO, frame_id, 0.0, ImageFile(str(path), (8, 6), 'seqinfo.ini', []))


class Means:
    """Means of the colours, and how many images they were computed of."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frames: list[Frame]) -> list[Record]:
        self.count += len(frames)
        return [
            dict(mean=frame.image.mean((0, 1)), scale=np.array(2)) for frame in frames
        ]


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / '000001.png'
    cv2.imwrite(str(path), image(1))
    return path


def test_a_known_file_is_not_decoded(
    png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    (first,) = cache.records([file_frame(png)])
    np.testing.assert_allclose(first['mean'], image(1).mean((0, 1)))
    monkeypatch.setattr(image_sequence, 'decode_image', None)
    (again,) = cache.records([file_frame(png, 5)])
    assert means.count == 1
    np.testing.assert_array_equal(again['mean'], first['mean'])
    assert again['scale'].shape == ()
    again['mean'][0] = 0  # a record is the caller's


def test_a_file_with_another_image_is_another(png: Path, tmp_path: Path) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    cache.records([file_frame(png)])
    cv2.imwrite(str(png), image(2))
    (record,) = cache.records([file_frame(png)])
    assert means.count == 2
    np.testing.assert_allclose(record['mean'], image(2).mean((0, 1)))


def test_a_copy_of_a_file_is_the_same_image(png: Path, tmp_path: Path) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    copied = tmp_path / 'copy.png'
    copied.write_bytes(png.read_bytes())
    cache.records([file_frame(png)])
    cache.records([file_frame(copied)])
    assert means.count == 1


def test_a_changed_frame_of_a_file_is_another_image(png: Path, tmp_path: Path) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    frame = file_frame(png)
    flipped = frame.image[:, ::-1]
    changed = replace(frame, load=lambda: flipped)
    assert len({cache.path(frame), cache.path(changed)}) == 2
    cache.records([frame, changed])
    assert means.count == 2


def test_another_decoder_may_give_other_pixels(
    png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FrameCache(tmp_path / 'cache', Means())
    path = cache.path(file_frame(png))
    monkeypatch.setattr(cv2, '__version__', '99.0')
    assert cache.path(file_frame(png)) != path


def test_pixels_of_another_shape_are_another_image(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path / 'cache', Means())
    pixels = image(1)
    frames = [
        Frame(VIDEO, 1, 0.0, lambda shape=shape: pixels.reshape(shape))
        for shape in [(6, 8, 3), (8, 6, 3)]
    ]
    assert len({cache.path(frame) for frame in frames}) == 2


def test_an_image_that_has_not_its_videos_size_is_refused(
    png: Path, tmp_path: Path
) -> None:
    """Also where the same file is known from another video."""
    cache = FrameCache(tmp_path / 'cache', Means())
    cache.records([file_frame(png)])
    load = ImageFile(str(png), (16, 6), 'seqinfo.ini', [])
    with pytest.raises(
        ValueError, match='000001.png: the image is 8x6, its video 16x6'
    ):
        cache.records([Frame(VIDEO, 1, 0.0, load)])


def test_what_decoding_alone_tells_is_told_each_time(tmp_path: Path) -> None:
    path = tmp_path / '000001.png'
    cv2.imwrite(str(path), image(1).astype(np.uint16) * 16)
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    for _ in range(2):
        frame = file_frame(path)
        cache.records([frame])
        (warning,) = frame.load.warnings
        assert 'more than 8 bits a channel' in warning
    assert means.count == 1


def test_formats_that_are_known_by_their_bytes(tmp_path: Path) -> None:
    known = {}
    for suffix in ('jpg', 'png', 'bmp', 'tiff', 'webp'):
        path = tmp_path / f'a.{suffix}'
        cv2.imwrite(str(path), image(1))
        known[suffix] = file_frame(path).load.identity() is not None
    assert known == dict(jpg=True, png=True, bmp=False, tiff=False, webp=False)


def test_a_record_that_lacks_an_array_is_made_anew(png: Path, tmp_path: Path) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means, {'mean', 'scale'}.issubset)
    cache.records([file_frame(png)])
    (path,) = cache.folder.iterdir()
    save_file(dict(mean=np.zeros(3), scall=np.ones(1)), path)
    (record,) = cache.records([file_frame(png)])
    assert means.count == 2 and set(record) == {'mean', 'scale'}


@pytest.mark.parametrize('length', [0, 7, 60, -1])
def test_a_record_that_is_cut_short_is_made_anew(
    png: Path, tmp_path: Path, length: int
) -> None:
    means = Means()
    cache = FrameCache(tmp_path / 'cache', means)
    (first,) = cache.records([file_frame(png)])
    (path,) = cache.folder.iterdir()
    path.write_bytes(path.read_bytes()[:length])
    (again,) = cache.records([file_frame(png)])
    assert means.count == 2
    np.testing.assert_array_equal(again['mean'], first['mean'])
    cache.records([file_frame(png)])
    assert means.count == 2
