"""Tests of finding or making a video that browsers play."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

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
    found, times = playable_video(
        open_video(video), np.array([3, 4, 9]), tmp_path / 'copy.mp4'
    )
    assert found == video
    assert times.tolist() == pytest.approx([0.2, 0.3, 0.8])
    assert not (tmp_path / 'copy.mp4').exists()


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
    found, times = playable_video(reader, np.array([1, 3, 5]), tmp_path / 'copy.mp4')
    assert found == tmp_path / 'copy.mp4'
    assert is_playable(found)
    # Every second frame at half the rate: as fast as the original.
    assert times.tolist() == pytest.approx([0, 0.1, 0.2])
    means = [frame.image.mean() for frame in open_video(found)]
    assert means == pytest.approx([0, 60, 120], abs=6)


def test_images_with_holes(tmp_path) -> None:
    for number in (2, 3, 7, 8):
        picture = np.full((63, 95, 3), 20 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f'{number:06d}.png'), picture)
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nframeRate=5\n')
    reader = open_video(tmp_path)
    numbers = np.array([2, 3, 7, 8])
    found, times = playable_video(reader, numbers, tmp_path / 'out/copy.mp4')
    assert times.tolist() == pytest.approx([0, 0.2, 0.4, 0.6])
    means = [frame.image.mean() for frame in open_video(found)]
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
