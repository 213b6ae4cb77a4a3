"""Odd videos and places: a clear word, and nothing half-written."""

from __future__ import annotations

import errno
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmsmot.apis import SMOTInferencer, SMOTSession, infer, infer_video
from mmsmot.datasets import open_video
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.structures import read_trajectories
from mmsmot.utils.folder_lock import folder_lock
from mmsmot.visualization import VideoWriter
from tests.live_streams import BlobDetector, numbered


def model() -> SMOT:
    return SMOT(detector=BlobDetector(), tracker=SORT(min_hits=0, iou_threshold=0.1))


def write(path: Path, times: list[int], rotation: float = 0) -> Path:
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        if rotation:
            stream.set_display_rotation(rotation)
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(numbered(index + 1), format='bgr24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def two_sizes(path: Path) -> Path:
    """10 frames of 96x64 and 10 of 128x96 in one video stream."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        larger = av.CodecContext.create('libx264', 'w')
        larger.width, larger.height, larger.pix_fmt = 128, 96, 'yuv420p'
        larger.time_base, larger.framerate = Fraction(1, 25), Fraction(25)
        for encoder, size, first in ((stream, (96, 64), 1), (larger, (128, 96), 11)):
            packets = []
            for number in range(first, first + 10):
                image = numbered(number, *size)
                frame = av.VideoFrame.from_ndarray(image, format='bgr24')
                frame.pts, frame.time_base = number, Fraction(1, 25)
                packets += encoder.encode(frame)
            for packet in packets + encoder.encode():
                packet.stream = stream
                container.mux(packet)
    return path


def times_of(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_a_file_whose_size_changes_is_read_up_to_there(tmp_path) -> None:
    path = two_sizes(tmp_path / 'a.ts')
    result = infer_video(model(), open_video(path), tmp_path / 'out')
    assert result['video']['frame_ids'].tolist() == list(range(1, 11))
    (warning,) = result['warnings']
    assert 'frame 11 is 128x96, those before are 96x64' in warning
    assert 'reading ends with frame 10' in warning
    boxes = read_trajectories(tmp_path / 'out' / 'tracks.txt')
    assert boxes.frame_ids.max() == 10
    assert boxes.boxes[:, 2].max() <= 96


def test_a_variable_rate_is_kept(tmp_path) -> None:
    times = [0, 1, 2, 10, 11, 30, 31, 60]
    path = write(tmp_path / 'a.mp4', times)
    infer_video(model(), open_video(path), tmp_path / 'out')
    found = times_of(tmp_path / 'out' / 'video.mp4')
    assert found == pytest.approx(np.array(times) / 25, abs=1e-3)
    with av.open(str(tmp_path / 'out' / 'video.mp4')) as container:
        assert container.duration / av.time_base >= 60 / 25
    page = (tmp_path / 'out' / 'report.html').read_text()
    assert '"times":[0.0,0.04,0.08,0.4,0.44,1.2,1.24,2.4]' in page


def test_a_constant_rate_stays_exactly_constant(tmp_path) -> None:
    path = tmp_path / 'a.mp4'
    with VideoWriter(path, 30000 / 1001) as writer:
        for k in range(9):
            writer.write(numbered(k), 7 + k * 1001 / 30000)
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)
    with (
        VideoWriter(tmp_path / 'b.mp4', 25) as writer,
        pytest.raises(ValueError, match='either all images have a time or none'),
    ):
        writer.write(numbered(1), 0.0)
        writer.write(numbered(1))


@pytest.mark.parametrize('degrees', [90, -90])
def test_boxes_of_a_turned_phone_stand_upright(tmp_path, degrees) -> None:
    path = write(tmp_path / 'phone.mp4', list(range(6)), rotation=degrees)
    result = infer_video(model(), open_video(path), tmp_path / 'out')
    assert (result['video']['width'], result['video']['height']) == (64, 96)
    lying = np.array([[4 + 2 * n, 20, 16 + 2 * n, 50] for n in range(1, 7)])
    x1, y1, x2, y2 = lying.T
    # FFmpeg turns counter-clockwise: (x, y) of 96 x 64 goes to (y, 96 - x).
    upright = np.stack([y1, 96 - x2, y2, 96 - x1], axis=1)
    if degrees < 0:
        upright = np.stack([64 - y2, x1, 64 - y1, x2], axis=1)
    rows = read_trajectories(tmp_path / 'out' / 'tracks.txt')
    assert np.abs(rows.boxes - upright).max() < 2.5  # SORT smooths a little
    with av.open(str(tmp_path / 'out' / 'video.mp4')) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (64, 96)
        assert next(container.decode(stream)).rotation == 0


def test_places_that_cannot_be_written(tmp_path) -> None:
    path = write(tmp_path / 'a.mp4', list(range(3)))
    with pytest.raises(OSError, match=r'no results can be written into /proc/mmsmot'):
        infer_video(model(), open_video(path), '/proc/mmsmot/out')


def test_a_second_run_into_the_same_folder(tmp_path) -> None:
    path = write(tmp_path / 'a.mp4', list(range(3)))
    out = tmp_path / 'out'
    with (
        folder_lock(out),
        pytest.raises(BlockingIOError, match='is being written by process'),
    ):
        infer_video(model(), open_video(path), out)
    assert not list(out.iterdir())
    infer_video(model(), open_video(path), out, draw=False)
    assert sorted(p.name for p in out.iterdir()) == ['result.json', 'tracks.txt']


@pytest.mark.parametrize(
    'stage', ['write_trajectories', 'write_html_report', 'write_json']
)
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, stage) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    path = write(tmp_path / 'a.mp4', list(range(3)))
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'mine.txt').write_text('stays')
    monkeypatch.setattr(infer, stage, fail)
    with pytest.raises(OSError, match='the disk of .* is full.*Make room') as caught:
        infer_video(model(), open_video(path), out)
    assert caught.value.errno == errno.ENOSPC
    assert [p.name for p in out.iterdir()] == ['mine.txt']


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / 'disk'
    place.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip('needs mount, to make a small disk')
    if done.returncode:
        pytest.skip(f'needs the right to mount a small disk: {done.stderr.strip()}')
    yield place
    subprocess.run(['umount', str(place)], check=True)


def test_a_disk_that_fills_up_while_the_video_is_written(tmp_path, small_disk) -> None:
    noise = np.random.default_rng(0)
    with VideoWriter(tmp_path / 'a.mp4', 25) as writer:
        for _ in range(40):
            writer.write(noise.integers(0, 255, (64, 96, 3), np.uint8))
    with pytest.raises(OSError, match='the disk of .* is full'):
        infer_video(model(), open_video(tmp_path / 'a.mp4'), small_disk / 'out')
    assert list((small_disk / 'out').iterdir()) == []


def test_what_is_no_folder_or_no_model(tmp_path: Path) -> None:
    inferencer = SMOTInferencer('two_stage/sort_public-detections')
    for out_dir in (None, 5):
        with pytest.raises(TypeError, match='out_dir must be the path of a folder'):
            inferencer(str(tmp_path), out_dir)
    with pytest.raises(TypeError, match='model must be a SMOT, .* got NoneType'):
        SMOTSession(None)
