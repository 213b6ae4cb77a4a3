"""Damage inside a video: what is decoded, numbered, and told."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mmsmot.datasets import video_decoder
from mmsmot.datasets.video_file import VideoFile


def test_frames_behind_a_damaged_packet_keep_their_numbers(
    tmp_path, write_video, number_of, logged
) -> None:
    path = write_video(tmp_path / 'a.mp4')
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        lost = packets[20]
        place, size, lost_id = (
            lost.pos,
            lost.size,
            round(lost.pts * lost.time_base * 25),
        )
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    data[place + 4 : place + size] = rng.integers(0, 256, size - 4, np.uint8).tobytes()
    path.write_bytes(data)
    numbers = [frame.frame_id for frame in VideoFile(path)]
    assert numbers == [n for n in range(1, 41) if n != lost_id + 1]
    assert '39 of about 40 frames could be decoded (1 packets' in logged[0].getMessage()


@pytest.mark.parametrize('name', ['InvalidDataError', 'PatchWelcomeError'])
def test_whatever_a_decoder_says_of_a_packet_is_a_loss(
    tmp_path, write_video, monkeypatch, name
) -> None:
    packets = video_decoder._packets

    class Refused:
        is_corrupt = is_discard = False

        def __init__(self, pts: int) -> None:
            self.pts = pts

        def decode(self) -> None:
            raise getattr(av.error, name)(1, 'not yet implemented')

    def last_refused(*args):
        all_packets = [p for p in packets(*args)]
        last_packet = max(range(len(all_packets) - 1), key=lambda k: all_packets[k].pts)
        all_packets[last_packet] = Refused(all_packets[last_packet].pts)
        return all_packets

    video = VideoFile(write_video(tmp_path / 'a.mp4'))
    monkeypatch.setattr(video_decoder, '_packets', last_refused)
    assert [frame.frame_id for frame in video] == list(range(1, 40))
    (warning,) = video.warnings
    assert '(1 packets refused)' in warning
    assert 'not yet implemented' in warning


def flip_bits(path: Path, num_flips: int = 50) -> None:
    """Flip bits inside the images; the container stays whole."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(num_flips):
        place, size = places[rng.integers(len(places))]
        start = min(size - 1, 700 if size > 1400 else 40)  # headers are another matter
        data[place + rng.integers(start, size)] ^= 1 << rng.integers(8)
    path.write_bytes(data)


def write_street(path: Path, codec: str, num_frames: int = 30) -> Path:
    """A video of a moving texture, in which there is much to damage."""
    small = np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)
    street = cv2.resize(small, (320, 240))
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 320, 240
        stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
        for step in range(num_frames):
            image = np.roll(street, 3 * step, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'bgr24')))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize('codec', ['libx264', 'libx265', 'mjpeg', 'mpeg4'])
def test_damage_inside_the_images_is_told(tmp_path, logged, codec) -> None:
    video = VideoFile(write_street(tmp_path / 'a.mp4', codec))
    assert [frame.frame_id for frame in video] == list(range(1, 31))
    assert not video.warnings and not logged
    flip_bits(tmp_path / 'a.mp4')
    assert len(list(video)) == 30  # of H.265 maybe out of order
    assert any('damaged' in text for text in video.warnings)
    assert not any('0 packets' in text for text in video.warnings)
    assert len(logged) == len(video.warnings)


def test_damage_is_told_where_reading_ends_early(tmp_path) -> None:
    video = VideoFile(write_street(tmp_path / 'a.mp4', 'mjpeg'))
    flip_bits(tmp_path / 'a.mp4')
    for frame in video:
        if frame.frame_id == 20:
            break
    assert 'guessed a part of' in video.warnings[0]


def test_a_disk_that_fails_while_it_is_read_is_told(
    tmp_path, write_video, monkeypatch
) -> None:
    video = VideoFile(write_video(tmp_path / 'a.mkv'))  # states no number of frames
    packets = video_decoder._packets

    def failing(container, stream, losses):
        yield from packets(container, stream, losses)
        losses.error = av.error.OSError(5, 'Input/output error')

    monkeypatch.setattr(video_decoder, '_packets', failing)
    assert len(list(video)) == 40
    (warning,) = video.warnings
    assert 'a.mkv: reading broke off (Input/output error)' in warning
