"""Tests of video files: numbers, times, rotation, and every kind of damage."""

from __future__ import annotations

import logging
import os
import pickle
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from mmsmot.datasets import video_decoder
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
    packets = video_decoder._packets

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
    monkeypatch.setattr(video_decoder, '_packets', last_refused)
    assert [frame.frame_id for frame in video] == list(range(1, 40))
    (warning,) = video.warnings
    assert '(1 packets refused)' in warning
    assert 'not yet implemented' in warning


def flip_bits(path: Path, num_flips: int = 50) -> None:
    """Flip bits inside the pictures; the container stays whole."""
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
def test_damage_inside_the_pictures_is_told(tmp_path, logged, codec) -> None:
    video = VideoFile(write_street(tmp_path / 'a.mp4', codec))
    assert [frame.frame_id for frame in video] == list(range(1, 31))
    assert not video.warnings and not logged
    flip_bits(tmp_path / 'a.mp4')
    assert len(list(video)) == 30  # of H.265 maybe out of order
    assert any('damaged' in text for text in video.warnings)
    assert len(logged) == len(video.warnings)


def test_damage_is_told_where_reading_ends_early(tmp_path) -> None:
    video = VideoFile(write_street(tmp_path / 'a.mp4', 'mjpeg'))
    flip_bits(tmp_path / 'a.mp4')
    for frame in video:
        if frame.frame_id == 20:
            break
    assert 'guessed a part of' in video.warnings[0]


@pytest.mark.parametrize(
    ('a', 'b', 'c', 'd', 'expected'),
    [
        (-1, 0, 0, 1, 'GR WB'),
        (1, 0, 0, -1, 'BW RG'),
        (-1, 0, 0, -1, 'WB GR'),
        (0, 1, 1, 0, 'RB GW'),
        (0, -1, -1, 0, 'WG BR'),
        (0, 1, -1, 0, 'BR WG'),
        (0, -1, 1, 0, 'GW RB'),
    ],
)
def test_a_mirrored_display_matrix(tmp_path, a, b, c, d, expected) -> None:
    colors = dict(R=(0, 0, 220), G=(0, 220, 0), B=(220, 0, 0), W=(240, 240, 240))
    corners = np.array([[colors['R'], colors['G']], [colors['B'], colors['W']]])
    image = corners.astype(np.uint8).repeat(32, 0).repeat(48, 1)
    matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        stream.set_display_matrix(matrix)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'bgr24')))
        container.mux(stream.encode())
    video = VideoFile(tmp_path / 'a.mp4')
    (frame,) = video
    height, width = frame.image.shape[:2]
    assert (width, height) == (video.video.width, video.video.height)
    assert (width, height) == ((64, 96) if a == 0 else (96, 64))
    corner = [
        min(
            colors,
            key=lambda k: np.abs(frame.image[y, x].astype(int) - colors[k]).sum(),
        )
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]
    assert '{}{} {}{}'.format(*corner) == expected


@pytest.mark.parametrize('rate', [Fraction(50), Fraction(10), Fraction(30000, 1001)])
def test_a_raw_stream_states_its_rate_in_the_codec(tmp_path, rate) -> None:
    with av.open(str(tmp_path / 'a.h264'), 'w', format='h264') as container:
        stream = container.add_stream('libx264', rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        image = np.zeros((48, 64, 3), np.uint8)
        for _ in range(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'bgr24')))
        container.mux(stream.encode())
    video = VideoFile(tmp_path / 'a.h264')
    assert video.video.fps == float(rate)
    times = [frame.timestamp for frame in video]
    np.testing.assert_allclose(times, np.arange(12) / float(rate))
    assert not video.warnings


def test_an_hour_between_two_frames_is_no_loss(tmp_path, write_video, logged) -> None:
    times = [0, 1, 2, 90_000, 90_001, 90_002]
    video = VideoFile(write_video(tmp_path / 'a.mkv', num_frames=6, times=times))
    assert [frame.timestamp for frame in video][2:4] == [0.08, 3600]
    assert not video.warnings and not logged


def test_recordings_joined_into_one_file_have_times_that_go_on(
    tmp_path, write_video
) -> None:
    one = write_video(tmp_path / 'one.ts', num_frames=20)
    (tmp_path / 'two.ts').write_bytes(2 * one.read_bytes())
    video = VideoFile(tmp_path / 'two.ts')
    times = np.array([frame.timestamp for frame in video])
    assert len(times) >= 39  # FFmpeg marks the packet at the seam
    assert (np.diff(times) > 0.039).all()
    assert times[-1] < 1.61
    assert 'its time stamps go back 1 times' in video.warnings[-1]


def test_a_name_with_a_pattern_is_one_file(tmp_path) -> None:
    for name, grey in (('a001.jpg', 10), ('a%03d.jpg', 200)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), grey, np.uint8))
    (frame,) = VideoFile(tmp_path / 'a%03d.jpg')
    assert frame.image.mean() > 150


@pytest.mark.parametrize(
    'other', ['/etc/hostname', 'http://127.0.0.1:9/a.mp4', 'b.mp4']
)
def test_a_list_of_other_files_is_no_video(tmp_path, write_video, other) -> None:
    write_video(tmp_path / 'b.mp4', num_frames=2)
    (tmp_path / 'a.mp4').write_text(f"ffconcat version 1.0\nfile '{other}'\n")
    with pytest.raises(ValueError, match=r'a\.mp4: a list of other files, not a video'):
        VideoFile(tmp_path / 'a.mp4')


def test_a_header_of_billions_of_frames_is_not_believed(
    tmp_path, write_video, monkeypatch, logged
) -> None:
    path = write_video(tmp_path / 'a.mp4')
    data = path.read_bytes()
    stated = struct.pack('>I', 40)
    place = data.index(b'stsz') + 12
    assert data[place : place + 4] == stated
    # One size for all of so many samples, as a damaged table may say.
    data = data[: place - 4] + struct.pack('>II', 7, 3 * 10**9) + data[place + 4 :]
    path.write_bytes(data)
    try:
        video = VideoFile(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert video.num_frames is None
        assert 'states 3000000000 frames' in logged[0].getMessage()


def test_a_name_in_another_encoding(tmp_path, write_video, number_of) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9.mp4')
    os.rename(write_video(tmp_path / 'a.mp4', num_frames=2), path)
    assert [number_of(frame.image) for frame in VideoFile(path)] == [1, 2]


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
