"""Tests of video files: numbers, times, rotation, and every kind of damage."""

from __future__ import annotations

import logging
import pickle
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from mmsmot.datasets import video_file
from mmsmot.datasets.video_file import VideoFile


def test_street_video(test_data: Path) -> None:
    video = VideoFile(test_data / 'data/videos/street_480x270.mp4')
    assert (video.video.width, video.video.height) == (480, 270)
    assert video.video.fps == pytest.approx(24000 / 1001)
    assert video.video.name == 'street_480x270'
    frames = list(video)
    assert [frame.frame_id for frame in frames] == list(range(1, 385))
    assert np.array_equal(video.frame_ids, np.arange(1, 385))
    assert frames[0].timestamp == 0
    assert frames[-1].timestamp == pytest.approx(383 * 1001 / 24000)
    assert frames[100].image.shape == (270, 480, 3)
    assert frames[100].image.dtype == np.uint8
    assert 'image' not in vars(frames[99])  # converted only where looked at


def test_every_picture_has_its_number(tmp_path, write_video, number_of) -> None:
    video = pickle.loads(pickle.dumps(VideoFile(write_video(tmp_path / 'a.mp4'))))
    for _ in range(2):  # an iteration starts from the front
        frames = list(video)
        assert [f.frame_id for f in frames] == list(range(1, 41))
        assert [number_of(f.image) for f in frames] == list(range(1, 41))


def test_grey_levels_are_not_biased(tmp_path, write_video) -> None:
    frames = list(VideoFile(write_video(tmp_path / 'a.mp4')))
    greys = [float(np.median(frame.image[4:20, 4:-4])) for frame in frames]
    assert np.abs(np.array(greys) - 5 * np.arange(1, 41)).max() <= 2
    assert abs(np.mean(greys) - np.mean(5 * np.arange(1, 41))) < 0.7


def test_one_frame_video(tmp_path, write_video, logged) -> None:
    (frame,) = VideoFile(write_video(tmp_path / 'a.mp4', num_frames=1))
    assert (frame.frame_id, frame.timestamp) == (1, 0.0)
    assert frame.image.shape == (48, 64, 3)
    assert not logged


def test_variable_frame_rate_takes_the_files_times(tmp_path, write_video) -> None:
    times = [0, 1, 2, 10, 11, 30]
    path = write_video(tmp_path / 'a.mp4', num_frames=6, times=times)
    frames = list(VideoFile(path))
    assert [frame.frame_id for frame in frames] == [1, 2, 3, 4, 5, 6]
    assert [frame.timestamp for frame in frames] == pytest.approx(np.array(times) / 25)


@pytest.mark.parametrize('degrees', [90, 180, -90])
def test_rotated_video_is_turned_upright(tmp_path, write_video, degrees) -> None:
    plain = next(iter(VideoFile(write_video(tmp_path / 'plain.mp4', 3)))).image
    video = VideoFile(write_video(tmp_path / 'turned.mp4', 3, rotation=degrees))
    image = next(iter(video)).image
    # FFmpeg counts the display matrix counter-clockwise, as np.rot90 does.
    assert np.array_equal(image, np.rot90(plain, degrees // 90))
    assert (video.video.height, video.video.width) == image.shape[:2]


def test_number_of_frames_may_be_unknown(tmp_path, write_video, logged) -> None:
    video = VideoFile(write_video(tmp_path / 'a.mkv'))
    assert video.num_frames is None
    assert video.frame_ids is None
    assert len(list(video)) == 40
    assert not logged


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv'])
def test_truncated_video_gives_what_decodes(
    tmp_path, write_video, number_of, logged, suffix
) -> None:
    path = write_video(tmp_path / f'whole{suffix}')
    cut = tmp_path / f'cut{suffix}'
    length = path.stat().st_size * 6 // 10
    cut.write_bytes(path.read_bytes()[:length])
    with av.open(str(path)) as container:
        whole = [
            p for p in container.demux(video=0) if p.size and p.pos + p.size < length
        ]
    numbers = sorted(round(p.pts * p.time_base * 25) + 1 for p in whole)
    frames = list(VideoFile(cut))
    assert 15 < len(frames) < 30
    assert [frame.frame_id for frame in frames] == numbers
    assert [number_of(f.image) for f in frames[:15]] == list(range(1, 16))
    (record,) = logged
    assert record.levelno == logging.WARNING
    message = record.getMessage()
    expected = 40 if suffix == '.mp4' else 38  # a header's duration is taken at 95 %
    assert f'{cut}: {len(frames)} of about {expected} frames' in message


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
    packets = video_file._packets

    class Refused:
        is_corrupt = is_discard = False

        def __init__(self, pts: int) -> None:
            self.pts = pts

        def decode(self) -> None:
            raise getattr(av.error, name)(1, 'not yet implemented')

    def last_refused(*args):
        found = [p for p in packets(*args)]
        last = max(range(len(found) - 1), key=lambda k: found[k].pts)
        found[last] = Refused(found[last].pts)
        return found

    video = VideoFile(write_video(tmp_path / 'a.mp4'))
    monkeypatch.setattr(video_file, '_packets', last_refused)
    assert [frame.frame_id for frame in video] == list(range(1, 40))
    (warning,) = video.warnings
    assert '(1 packets refused)' in warning
    assert 'not yet implemented' in warning


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


def test_empty_file(tmp_path) -> None:
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(ValueError, match=r'a\.mp4: the file is empty'):
        VideoFile(tmp_path / 'a.mp4')


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
