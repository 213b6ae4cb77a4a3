"""Tests of video files: numbers, times, rotation, and every kind of damage."""

from __future__ import annotations

import logging
import os
import pickle
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from mmsmot.datasets.video_file import VideoFile, _stated_frames


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


def test_every_image_has_its_number(tmp_path, write_video, number_of) -> None:
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
        all_frames = [
            p for p in container.demux(video=0) if p.size and p.pos + p.size < length
        ]
    numbers = sorted(round(p.pts * p.time_base * 25) + 1 for p in all_frames)
    frames = list(VideoFile(cut))
    assert 15 < len(frames) < 30
    assert [frame.frame_id for frame in frames] == numbers
    assert [number_of(f.image) for f in frames[:15]] == list(range(1, 16))
    (record,) = logged
    assert record.levelno == logging.WARNING
    message = record.getMessage()
    expected = 40 if suffix == '.mp4' else 38  # a header's duration is taken at 95 %
    assert f'{cut}: {len(frames)} of about {expected} frames' in message


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
    recording = write_video(tmp_path / 'one.ts', num_frames=20)
    (tmp_path / 'two.ts').write_bytes(2 * recording.read_bytes())
    video = VideoFile(tmp_path / 'two.ts')
    times = np.array([frame.timestamp for frame in video])
    assert len(times) >= 39  # FFmpeg marks the packet at the seam
    assert (np.diff(times) > 0.039).all()
    assert times[-1] < 1.61
    assert 'its time stamps go back 1 times' in video.warnings[-1]


@pytest.mark.parametrize(
    ('stated', 'believed'), [(40, 40), (0, None), (3 * 10**9, None)]
)
def test_a_header_of_billions_of_frames_is_not_believed(
    tmp_path, write_video, logged, stated, believed
) -> None:
    path = write_video(tmp_path / 'a.mp4')
    assert _stated_frames(SimpleNamespace(frames=stated), str(path)) == believed
    assert [record.getMessage() for record in logged] == (
        [
            f'{path}: its header states 3000000000 frames, which do not fit into the file; '
            'reading tells how many there are'
        ]
        if stated > 40
        else []
    )


def test_a_name_in_another_encoding(tmp_path, write_video, number_of) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9.mp4')
    os.rename(write_video(tmp_path / 'a.mp4', num_frames=2), path)
    assert [number_of(frame.image) for frame in VideoFile(path)] == [1, 2]


def test_empty_file(tmp_path) -> None:
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(ValueError, match=r'a\.mp4: the file is empty'):
        VideoFile(tmp_path / 'a.mp4')
