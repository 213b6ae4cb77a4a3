"""Files that hold a video, and those that do not."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from mmsmot.datasets.video_file import VideoFile


def test_a_name_with_a_pattern_is_one_file(tmp_path) -> None:
    for name, grey in (('a001.jpg', 10), ('a%03d.jpg', 200)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), grey, np.uint8))
    (frame,) = VideoFile(tmp_path / 'a%03d.jpg')
    assert frame.image.mean() > 150


@pytest.mark.parametrize(
    'other_file', ['/etc/hostname', 'http://127.0.0.1:9/a.mp4', 'b.mp4']
)
def test_a_list_of_other_files_is_no_video(tmp_path, write_video, other_file) -> None:
    write_video(tmp_path / 'b.mp4', num_frames=2)
    (tmp_path / 'a.mp4').write_text(f"ffconcat version 1.0\nfile '{other_file}'\n")
    with pytest.raises(ValueError, match=r'a\.mp4: a list of other files, not a video'):
        VideoFile(tmp_path / 'a.mp4')


def test_a_codec_that_nobody_knows(tmp_path, write_video) -> None:
    path = write_video(tmp_path / 'a.mp4')
    data = path.read_bytes()
    assert data.count(b'avc1') == 2  # a brand in the header, and the codec's tag
    place = data.rindex(b'avc1')
    path.write_bytes(data[:place] + b'zz9z' + data[place + 4 :])
    with pytest.raises(ValueError, match=r'a\.mp4: FFmpeg knows no decoder'):
        VideoFile(path)


def test_video_cut_before_its_index(tmp_path, write_video) -> None:
    path = write_video(tmp_path / 'a.mp4', faststart=False)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r'a\.mp4: .*cut short before its index'):
        VideoFile(path)


@pytest.mark.parametrize('name', ['notes.mp4', 'notes.txt'])
def test_text_is_no_video(tmp_path, name) -> None:
    (tmp_path / name).write_text('these are only words\n' * 200)
    with pytest.raises(ValueError, match=rf'{name}: .*not a video'):
        VideoFile(tmp_path / name)


@pytest.mark.parametrize('has_cover', [False, True])
def test_sound_alone_is_no_video(tmp_path, has_cover) -> None:
    path = tmp_path / 'song.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        if has_cover:
            add_cover(container)
        samples = np.zeros((1, 1024), np.float32)
        for index in range(10):
            frame = av.AudioFrame.from_ndarray(samples, format='fltp', layout='mono')
            frame.sample_rate, frame.pts = 16000, 1024 * index
            frame.time_base = Fraction(1, 16000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(
        ValueError, match=r'song\.mp4: has no video in it, only: audio$'
    ):
        VideoFile(path)


def add_cover(container: av.container.OutputContainer) -> None:
    cover = container.add_stream('mjpeg', rate=1)
    cover.width, cover.height, cover.pix_fmt = 64, 48, 'yuvj420p'
    cover.disposition = Disposition.attached_pic
    picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), 'bgr24')
    container.mux(cover.encode(picture))
    container.mux(cover.encode())
