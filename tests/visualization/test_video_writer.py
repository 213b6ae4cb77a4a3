"""Tests of the video writer, each by decoding what was written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mmsmot.datasets import open_video
from mmsmot.visualization import VideoWriter


def pictures(number: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    """Smooth coloured images that move, which any codec can keep."""
    y, x = np.mgrid[:height, :width]
    waves = [
        np.stack(
            [
                127 + 110 * np.sin((x + 3 * k) / 17 + c) * np.cos(y / 23)
                for c in range(3)
            ],
            axis=2,
        )
        for k in range(number)
    ]
    return [np.round(wave).astype(np.uint8) for wave in waves]


def write(path: Path, images: list[np.ndarray], fps=25, **options) -> VideoWriter:
    with VideoWriter(path, fps, **options) as writer:
        for image in images:
            writer.write(image)
    return writer


def read(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_video(path)]


def test_h264_that_a_browser_plays(tmp_path) -> None:
    images = pictures(30)
    write(tmp_path / 'a.mp4', images)
    with av.open(str(tmp_path / 'a.mp4')) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec.name == 'h264'
        assert stream.pix_fmt == 'yuv420p'
        assert stream.frames == 30
        assert stream.average_rate == 25
    data = (tmp_path / 'a.mp4').read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')  # plays before it is all there
    decoded = read(tmp_path / 'a.mp4')
    assert min(map(cv2.PSNR, images, decoded)) > 34


def test_colours_come_back(tmp_path) -> None:
    for color in ((0, 0, 255), (0, 255, 0), (255, 0, 0), (200, 200, 200)):
        image = np.full((64, 64, 3), color, np.uint8)
        write(tmp_path / 'a.mp4', [image] * 3)
        assert np.abs(read(tmp_path / 'a.mp4')[1].astype(int) - color).max() <= 4


def test_real_video(test_data, tmp_path) -> None:
    video = open_video(test_data / 'data/videos/street_480x270.mp4', end=40)
    images = [frame.image for frame in video]
    writer = write(tmp_path / 'a.mp4', images, video.video.fps)
    assert writer.fps == Fraction(24000, 1001)
    copy = open_video(tmp_path / 'a.mp4')
    assert copy.video.fps == pytest.approx(video.video.fps)
    assert (
        np.mean([cv2.PSNR(a, f.image) for a, f in zip(images, copy, strict=True)]) > 33
    )


@pytest.mark.parametrize(
    ('fps', 'fraction'),
    [
        (29.97, Fraction(2997, 100)),
        (30000 / 1001, Fraction(30000, 1001)),
        (12.5, Fraction(25, 2)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
    ],
)
def test_fractional_rates(tmp_path, fps, fraction) -> None:
    write(tmp_path / 'a.mp4', pictures(5), fps)
    frames = list(open_video(tmp_path / 'a.mp4'))
    assert len(frames) == 5
    assert frames[4].timestamp == pytest.approx(float(4 / fraction), abs=1e-3)


@pytest.mark.parametrize(('width', 'height'), [(95, 64), (96, 63), (95, 63), (1, 1)])
def test_odd_sizes_are_widened(tmp_path, width, height) -> None:
    images = pictures(4, width, height)
    write(tmp_path / 'a.mp4', images)
    for image, decoded in zip(images, read(tmp_path / 'a.mp4'), strict=True):
        assert decoded.shape == (height + height % 2, width + width % 2, 3)
        assert cv2.PSNR(image, decoded[:height, :width]) > 25
        if width == 95:
            beyond, last = decoded[:height, 95].astype(int), image[:, 94]
            assert np.abs(beyond - last).mean() < 12


def test_other_sizes_are_scaled_and_told_once(tmp_path, logged) -> None:
    images = [*pictures(2), *pictures(3, 192, 128)]
    write(tmp_path / 'a.mp4', images)
    decoded = read(tmp_path / 'a.mp4')
    assert [image.shape for image in decoded] == [(64, 96, 3)] * 5
    (record,) = logged
    assert 'image 3 is 192x128, the video 96x64' in record.getMessage()
    wanted = cv2.resize(images[4], (96, 64), interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(wanted, decoded[4]) > 30


def test_given_size_counts(tmp_path) -> None:
    write(tmp_path / 'a.mp4', pictures(2), size=(48, 32))
    assert read(tmp_path / 'a.mp4')[0].shape == (32, 48, 3)


def test_one_image(tmp_path) -> None:
    write(tmp_path / 'new/folder/a.mp4', pictures(1))
    assert len(read(tmp_path / 'new/folder/a.mp4')) == 1


def test_failure_leaves_nothing(tmp_path) -> None:
    with pytest.raises(KeyError), VideoWriter(tmp_path / 'a.mp4', 25) as writer:
        for image in pictures(12):
            writer.write(image)
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_failure_keeps_what_was_there(tmp_path) -> None:
    write(tmp_path / 'a.mp4', pictures(3))
    before = (tmp_path / 'a.mp4').read_bytes()
    with pytest.raises(ValueError, match=r'expected an image .* got \(64, 96\) uint8'):
        write(tmp_path / 'a.mp4', [pictures(1)[0], pictures(1)[0][..., 0]])
    assert (tmp_path / 'a.mp4').read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


def test_nothing_is_visible_before_the_end(tmp_path) -> None:
    with VideoWriter(tmp_path / 'a.mp4', 25) as writer:
        writer.write(pictures(1)[0])
        assert not (tmp_path / 'a.mp4').exists()
    assert (tmp_path / 'a.mp4').exists()


def test_no_image_at_all(tmp_path) -> None:
    with pytest.raises(ValueError, match=r'a\.mp4: no image was written'):
        write(tmp_path / 'a.mp4', [])
    assert list(tmp_path.iterdir()) == []


def test_outside_of_the_block(tmp_path) -> None:
    writer = VideoWriter(tmp_path / 'a.mp4', 25)
    with pytest.raises(RuntimeError, match='outside of the "with" block'):
        writer.write(pictures(1)[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('a.avi', dict(fps=25), 'videos are written as .mp4'),
        ('a.mp4', dict(fps=0), 'fps must be above'),
        ('a.mp4', dict(fps=float('nan')), 'fps must be above'),
        ('a.mp4', dict(fps=25, size=(0, 4)), 'size must be at least 1x1'),
    ],
)
def test_bad_arguments(tmp_path, name, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        VideoWriter(tmp_path / name, **options)


def test_missing_encoder_names_the_way_out(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(av, 'codecs_available', {'mpeg4'})
    with pytest.raises(RuntimeError, match=r'without libx264.*pip install'):
        VideoWriter(tmp_path / 'a.mp4', 25)
