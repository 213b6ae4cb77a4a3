"""Tests of live streams: numbers and times, gaps, ends, and what is never shown."""

from __future__ import annotations

import logging
import socket
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from mmsmot.apis.stream_recording import StreamRecording
from mmsmot.datasets import VideoStream, open_video
from mmsmot.datasets.streams import connection as stream_connection
from mmsmot.datasets.streams import video_stream
from mmsmot.datasets.streams.address import (
    is_stream_address,
    redacted_address,
    stream_name,
)
from mmsmot.datasets.streams.stream_clock import StreamClock
from tests.live_streams import (
    FakeCamera,
    FakeTime,
    StreamServer,
    number_of,
    transport_stream,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    clock = FakeTime()
    monkeypatch.setattr(video_stream, 'time', clock)
    return clock


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch):
    def plug(camera: FakeCamera) -> FakeCamera:
        names = SimpleNamespace(VideoCapture=camera, CAP_PROP_FPS=5)
        monkeypatch.setattr(stream_connection, 'cv2', names)
        return camera

    return plug


@pytest.mark.parametrize(
    'arguments',
    [
        dict(patience=-1.0),
        dict(patience=float('nan')),
        dict(patience='9'),
        dict(seconds=0),
        dict(seconds=float('nan')),
        dict(timeout=float('inf')),
        dict(timeout='5'),
    ],
    ids=str,
)
def test_times_that_are_none(arguments: dict) -> None:
    (name,) = arguments
    with pytest.raises(ValueError, match=rf'//me:\*\*\*@127.0.0.1: {name} must be a'):
        VideoStream('tcp://me:secret@127.0.0.1', **arguments)


@pytest.mark.parametrize('http', [False, True])
def test_a_stream_that_drops_out_and_comes_back(http, logged) -> None:
    parts = transport_stream(1, 10), 0.6, transport_stream(11, 20)
    with StreamServer(*parts, http=http) as server:
        stream = VideoStream(server.url('me:pass@'), patience=20, timeout=5)
        stream.patience = 20
        frames = []
        for frame in stream:
            frames.append(frame)
            if len(frames) == 20:
                stream.stop('enough')
    assert (stream.video.width, stream.video.height, stream.video.fps) == (96, 64, 25)
    assert [number_of(f.image) for f in frames] == list(range(1, 21))
    ids = [f.frame_id for f in frames]
    assert ids[:10] == list(range(1, 11))
    assert ids[10:] == list(range(ids[10], ids[10] + 10))
    times = np.array([f.timestamp for f in frames])
    assert times[:10] == pytest.approx(np.arange(10) / 25, abs=1e-6)
    assert np.diff(times[10:]) == pytest.approx(np.full(9, 0.04), abs=1e-6)
    gap, ended = stream.warnings
    seconds = float(gap.split('times, ')[1].split(' s')[0])
    assert seconds >= 0.6
    assert 'dropped out 1 times' in gap
    assert times[10] - times[9] == pytest.approx(seconds, abs=0.3)
    assert ids[10] == 1 + round(times[10] * 25)
    assert ended.endswith('ended early: enough')
    messages = ' '.join(record.getMessage() for record in logged)
    assert 'dropped out at 0.4 s' in messages
    assert 'pass' not in messages
    with pytest.raises(RuntimeError, match='only once'):
        next(iter(stream))


def test_a_stream_that_stays_away(logged) -> None:
    with StreamServer(transport_stream(1, 10)) as server:
        reader = open_video(server.url(), patience=0.4)
        assert [f.frame_id for f in reader] == list(range(1, 11))
    (ended,) = reader.warnings
    assert 'did not come back within 0.4 s (Connection refused)' in ended
    assert 'it ends at 0.4 s' in ended
    levels = [(r.levelno, 'What was seen so far is kept' in r.msg) for r in logged]
    assert levels == [(logging.WARNING, False), (logging.WARNING, True)]


def test_a_stream_that_comes_back_in_another_size() -> None:
    parts = transport_stream(1, 10), transport_stream(11, 20, 128, 64)
    with StreamServer(*parts) as server:
        reader = open_video(server.url(), patience=20)
        assert [f.frame_id for f in reader] == list(range(1, 11))
    assert 'are 128x64 now, they were 96x64' in reader.warnings[1]


def test_a_stream_that_never_opens() -> None:
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        port = server.getsockname()[1]
        with pytest.raises(ConnectionError) as caught:
            open_video(f'rtsp://me:secret@127.0.0.1:{port}/main?token=abc')
    message = str(caught.value)
    assert f'rtsp://me:***@127.0.0.1:{port}/main?token=***: no video comes' in message
    assert 'Connection refused' in message
    assert 'password right?' in message
    assert caught.value.__cause__ is None
    with (
        StreamServer(b'no video at all\n' * 500) as server,
        pytest.raises(ConnectionError, match='no video comes from there'),
    ):
        open_video(server.url())


def test_a_server_that_says_nothing() -> None:
    with socket.socket() as mute:
        mute.bind(('127.0.0.1', 0))
        mute.listen()
        with pytest.raises(ConnectionError, match='no answer within 0.3 s'):
            VideoStream(f'tcp://127.0.0.1:{mute.getsockname()[1]}', timeout=0.3)


def test_camera_numbers_go_by_the_clock(clock, plug_in) -> None:
    camera = plug_in(FakeCamera(clock, away=(101.0, 103.0)))
    stream = VideoStream('camera:3', seconds=5)
    assert stream.video.name == 'camera3'
    frames = list(stream)
    ids = np.array([f.frame_id for f in frames])
    times = np.array([f.timestamp for f in frames])
    assert [number_of(f.image) % 30 for f in frames] == [
        n % 30 for n in range(1, len(frames) + 1)
    ]
    assert (np.diff(ids) >= 1).all()
    (hole,) = np.flatnonzero(np.diff(ids) > 1)
    # It is gone from 101 to 103; the tries are 0, 0.25, 0.75, 1.75 and 3.75 s later.
    assert times[hole] == pytest.approx(0.92)
    assert times[hole + 1] - times[hole] == pytest.approx(3.75 + 3 / 25, abs=0.05)
    assert ids[hole + 1] - ids[hole] == round((times[hole + 1] - times[hole]) * 25)
    assert times[-1] == pytest.approx(4.96, abs=0.041)
    assert camera.opened == [3] * 6
    assert not camera.is_open


def test_two_seconds_are_fifty_frames() -> None:
    clock = StreamClock()
    fps = 25
    numbers = [
        1 + round(clock.read(10 + k / fps, 50 + k / fps) * fps) for k in range(5)
    ]
    assert numbers == [1, 2, 3, 4, 5]
    clock.forget_stamps()  # and its stamps begin elsewhere
    after = clock.read(777.0, 50 + 4 / fps + 2 + 1 / fps)
    assert 1 + round(after * fps) - 5 - 1 == 50
    assert clock.read(777.04, 60) == pytest.approx(after + 0.04)


def test_stamps_that_leap_are_hung_up_anew() -> None:
    clock = StreamClock()
    assert clock.read(5.0, 0.0) == 0
    assert clock.read(5.04, 0.9) == pytest.approx(0.04)  # arrival is not the time
    assert clock.read(90000.0, 1.0) == pytest.approx(1.0)
    assert clock.read(90000.04, 1.0) == pytest.approx(1.04)
    assert clock.read(3.0, 1.5) == pytest.approx(1.54)  # back: no time is lost
    assert clock.read(None, 1.5) == pytest.approx(1.541)
    endless = StreamClock(float('inf'))
    endless.read(0.0, 0.0)
    assert endless.read(60.0, 0.1) == 60


def test_end_is_not_waited_for(clock, plug_in) -> None:
    camera = plug_in(FakeCamera(clock, last=10))
    reader = open_video('camera:0', start=4, end=10, stride=3)
    assert [f.frame_id for f in reader] == [4, 7, 10]
    assert camera.opened == [0]
    assert reader.warnings == []
    assert reader.is_live
    assert reader.num_frames is None


def test_one_image_is_held(clock, plug_in, tmp_path) -> None:
    plug_in(FakeCamera(clock))
    pictures, alive = [], []
    with StreamRecording(
        open_video('camera:0', end=60), tmp_path / 'a.mp4'
    ) as recording:
        for frames in recording.batches(4):
            pictures += [weakref.ref(frame.image) for frame in frames]
            del frames
            alive.append(sum(picture() is not None for picture in pictures))
    assert len(pictures) == 60
    assert max(alive) <= 5


def test_no_camera(clock, plug_in) -> None:
    plug_in(FakeCamera(clock, away=(0, 1e9)))
    with pytest.raises(
        ConnectionError, match='camera:7: .*finds no camera.*plugged in'
    ):
        open_video('7')


def test_stop_while_it_is_away(clock, plug_in, monkeypatch) -> None:
    plug_in(FakeCamera(clock, last=5))
    stream = VideoStream('0', patience=1000)
    sleep = clock.sleep

    def sleep_and_stop(seconds: float) -> None:
        sleep(seconds)
        if clock.now > 110:
            stream.stop('interrupted')

    monkeypatch.setattr(clock, 'sleep', sleep_and_stop)
    assert len(list(stream)) == 5
    assert clock.now < 110.2
    assert stream.warnings == ['camera:0: ended early: interrupted']


def test_a_url_that_is_a_recording_ends_with_it(tmp_path, write_video) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    write_video(tmp_path / 'a.mp4')
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        reader = open_video(f'http://127.0.0.1:{server.server_port}/a.mp4')
        assert [f.frame_id for f in reader] == list(range(1, 41))
        assert reader.warnings == []
        server.shutdown()


@pytest.mark.parametrize(
    ('address', 'public_address', 'name'),
    [
        ('rtsp://u:p@h:554/a/b', 'rtsp://u:***@h:554/a/b', 'h_554_a_b'),
        ('rtsp://u:p/w@d@h/x', 'rtsp://u:***@h/x', 'h_x'),
        ('https://h/x.m3u8?a=1&api_key=z&b=2', None, 'h_x.m3u8'),
        ('http://h/v?user=a&password=b', 'http://h/v?user=a&password=***', 'h_v'),
        ('http://h/v?Password=b/c=&d=1', 'http://h/v?Password=***&d=1', 'h_v'),
        ('https://h/v?X-Amz-Signature=b', 'https://h/v?X-Amz-Signature=***', 'h_v'),
        (
            'rtsp://h:554/user=a&password=b&channel=1&stream=0.sdp',
            'rtsp://h:554/user=a&password=***&channel=1&stream=0.sdp',
            'h_554_user_a_password_channel_1_stream_0.sdp',
        ),
        (
            'rtsp://h/user=a_password=b@c_channel=1',
            'rtsp://h/user=a_password=***',
            'h_user_a_password',
        ),
        (
            'rtsp://key.lan:554/pass/1',
            'rtsp://key.lan:554/pass/1',
            'key.lan_554_pass_1',
        ),
        ('udp://239.0.0.1:1234', 'udp://239.0.0.1:1234', '239.0.0.1_1234'),
        ('camera:0', 'camera:0', 'camera0'),
        ('2', 'camera:2', 'camera2'),
        ('/dev/video1', '/dev/video1', 'video1'),
    ],
)
def test_addresses(address, public_address, name) -> None:
    assert is_stream_address(address)
    public_address = public_address or 'https://h/x.m3u8?a=1&api_key=***&b=2'
    assert redacted_address(address) == public_address
    assert stream_name(address) == name


def test_what_is_no_stream(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / '7').mkdir()
    for path in ('7', 'street.mp4', 'file:///a.mp4', '/dev/video', 'camera:', tmp_path):
        assert not is_stream_address(path)
    with pytest.raises(ValueError, match='seconds=5 is for cameras'):
        open_video('street.mp4', seconds=5)
    with pytest.raises(ValueError, match='number above 0'):
        VideoStream('rtsp://h/x', seconds=0)


class Looping(FakeCamera):
    """Gives its first images again whenever it is opened, and then breaks off."""

    def __call__(self, device: int | str) -> FakeCamera:
        assert len(self.opened) < 100
        self.number = 0
        return super().__call__(device)


def test_a_file_that_is_served_again_and_again_ends(clock, plug_in) -> None:
    camera = plug_in(Looping(clock, last=12))
    began = clock.now
    stream = VideoStream('camera:0', patience=10)
    frames = list(stream)
    assert len(frames) == 12 * len(camera.opened)
    # The pauses between attempts are 0.25, 0.5, 1, 2, 4 and what is left of 10 s.
    assert len(camera.opened) <= 7
    assert clock.now - began < 10 + 2
    assert 'did not come back within 10 s' in stream.warnings[-1]


def test_a_stream_that_drops_out_now_and_then_goes_on(clock, plug_in) -> None:
    camera = plug_in(Looping(clock, last=10 * 25))
    stream = VideoStream('camera:0', patience=2, seconds=60)
    list(stream)
    assert len(camera.opened) == 6
    assert 'dropped out 5 times' in stream.warnings[0]
