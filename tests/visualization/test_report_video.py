"""Tests of finding or making a video that browsers play."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from mmsmot.datasets import open_video
from mmsmot.visualization.report_video import is_playable, playable_video

from .report_page import FRAMES, HEIGHT, WIDTH, make_video


def write(path, codec: str, pts=None, pixels: str = 'yuv420p') -> None:
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=20)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        for k in range(len(pts) if pts else 6):
            picture = np.full((HEIGHT, WIDTH, 3), 30 * k, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format='bgr24')
            frame.pts = pts[k] if pts else k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_what_browsers_play_is_taken_as_it_is(tmp_path) -> None:
    video = make_video(tmp_path / 'a.mp4')
    result, times = playable_video(
        open_video(video), np.array([3, 4, 9]), tmp_path / 'copy.mp4'
    )
    assert result == video
    assert times.tolist() == pytest.approx([0.2, 0.3, 0.8])
    assert not (tmp_path / 'copy.mp4').exists()


def test_a_cover_is_not_the_video(tmp_path) -> None:
    path = tmp_path / 'a.mp4'
    with av.open(str(path), 'w') as container:
        cover = container.add_stream('mjpeg', rate=1)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, 'yuvj420p'
        cover.disposition = Disposition.attached_pic
        video = container.add_stream('libx264', rate=20)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for stream in (cover, video):
            picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, 'bgr24')))
            container.mux(stream.encode())
    path.write_bytes(with_cover_first(path.read_bytes()))
    with av.open(str(path)) as container:
        names = [stream.codec_context.name for stream in container.streams.video]
    assert names == ['mjpeg', 'h264']
    assert is_playable(path)


def with_cover_first(data: bytes) -> bytes:
    """The mp4 with ``udta``, where covers are, before the tracks."""
    begin = data.index(b'moov') - 4
    end = begin + int.from_bytes(data[begin : begin + 4], 'big')
    boxes, place = {}, begin + 8
    while place < end:
        size = int.from_bytes(data[place : place + 4], 'big')
        boxes[data[place + 4 : place + 8]] = data[place : place + size]
        place += size
    order = [b'mvhd', b'udta', b'trak']
    assert {*order} == {*boxes}
    return data[: begin + 8] + b''.join(boxes[name] for name in order) + data[end:]


def test_variable_rate_is_honoured(tmp_path) -> None:
    write(tmp_path / 'a.mp4', 'libx264', pts=[0, 1, 2, 6, 7, 12])
    reader = open_video(tmp_path / 'a.mp4')
    _, times = playable_video(reader, np.arange(1, 7), tmp_path / 'copy.mp4')
    assert times.tolist() == pytest.approx([0, 0.05, 0.1, 0.3, 0.35, 0.6])


@pytest.mark.parametrize(
    ('name', 'codec', 'pixels'),
    [('a.avi', 'mpeg4', 'yuv420p'), ('a.mp4', 'libx264', 'yuv444p')],
)
def test_other_videos_are_copied(tmp_path, name, codec, pixels) -> None:
    write(tmp_path / name, codec, pixels=pixels)
    assert not is_playable(tmp_path / name)
    reader = open_video(tmp_path / name)
    result, times = playable_video(reader, np.array([1, 3, 5]), tmp_path / 'copy.mp4')
    assert result == tmp_path / 'copy.mp4'
    assert is_playable(result)
    # Every second frame at half the rate: as fast as the original.
    assert times.tolist() == pytest.approx([0, 0.1, 0.2])
    means = [frame.image.mean() for frame in open_video(result)]
    assert means == pytest.approx([0, 60, 120], abs=6)


def test_what_is_no_video_is_refused_by_name(tmp_path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    with pytest.raises(ValueError, match=r'a\.mp4: not a video file that FFmpeg can'):
        is_playable(tmp_path / 'a.mp4')


def test_images_with_holes(tmp_path) -> None:
    for number in (2, 3, 7, 8):
        picture = np.full((63, 95, 3), 20 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f'{number:06d}.png'), picture)
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nframeRate=5\n')
    reader = open_video(tmp_path)
    numbers = np.array([2, 3, 7, 8])
    result, times = playable_video(reader, numbers, tmp_path / 'out/copy.mp4')
    assert times.tolist() == pytest.approx([0, 0.2, 0.4, 0.6])
    means = [frame.image.mean() for frame in open_video(result)]
    assert means == pytest.approx([40, 60, 140, 160], abs=4)


def test_frames_that_are_not_there(tmp_path) -> None:
    video = make_video(tmp_path / 'a.mp4')
    with pytest.raises(ValueError, match=r'has no frame 21 \(2 of 3 frames'):
        playable_video(
            open_video(video), np.array([FRAMES, 21, 22]), tmp_path / 'copy.mp4'
        )
    write(tmp_path / 'b.avi', 'mpeg4')
    with pytest.raises(ValueError, match='has no frame 7'):
        playable_video(
            open_video(tmp_path / 'b.avi'), np.array([6, 7]), tmp_path / 'copy.mp4'
        )
    assert not (tmp_path / 'copy.mp4').exists()


@pytest.mark.parametrize(
    ('across', 'aspect', 'plays'),
    [
        (1, Fraction(1), True),
        (-1, Fraction(1), False),
        (1, Fraction(16, 15), False),
    ],
)
def test_what_browsers_would_show_otherwise_is_copied(
    tmp_path, across, aspect, plays
) -> None:
    matrix = [across << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30]
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=20)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        stream.set_display_matrix(matrix)
        stream.codec_context.sample_aspect_ratio = aspect
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, 'bgr24')))
        container.mux(stream.encode())
    assert is_playable(tmp_path / 'a.mp4') == plays
