"""A live stream through the whole pipeline: recorded, interrupted, never finished."""

from __future__ import annotations

import signal
from dataclasses import replace
from types import SimpleNamespace

import av
import numpy as np
import pytest

from mmsmot.apis import SMOTInferencer, infer_video, read_result
from mmsmot.apis.result_files import UNFINISHED
from mmsmot.datasets import open_video
from mmsmot.datasets.streams import connection as stream_connection
from mmsmot.datasets.streams import video_stream
from mmsmot.models.semantics.description import Description
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.structures import Trajectories, read_trajectories
from mmsmot.visualization import TrackDrawer
from tests.live_streams import BlobDetector, FakeCamera, FakeTime, number_of
from tests.words import Words

FILES = ['tracks.txt', 'video.mp4', 'report.html', 'recording.mp4']


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch):
    """Plugs a camera in, of a machine whose clock goes with its images."""
    clock = FakeTime()
    monkeypatch.setattr(video_stream, 'time', clock)

    def plug(**options) -> FakeCamera:
        camera = FakeCamera(clock, **options)
        names = SimpleNamespace(VideoCapture=camera, CAP_PROP_FPS=5)
        monkeypatch.setattr(stream_connection, 'cv2', names)
        return camera

    return plug


def interrupt_at(number: int):
    def at(shown: int) -> None:
        if shown == number:
            signal.raise_signal(signal.SIGINT)

    return at


def renumbered(trajectories: Trajectories, _: np.ndarray) -> Trajectories:
    return replace(trajectories, ids=trajectories.ids + 100)


def model(*post_processing) -> SMOT:
    tracker = SORT(min_hits=0, iou_threshold=0.1)
    return SMOT(
        detector=BlobDetector(), tracker=tracker, post_processing=post_processing
    )


def times_of(path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_ctrl_c_ends_it_and_all_is_written(plug_in, tmp_path) -> None:
    before = signal.getsignal(signal.SIGINT)
    camera = plug_in(at=interrupt_at(12))
    result = infer_video(model(), open_video('camera:0'), tmp_path, 'config')
    assert signal.getsignal(signal.SIGINT) == before
    assert not camera.is_open
    assert result['files'] == FILES
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*FILES, 'result.json'])
    written = read_result(tmp_path / 'result.json')
    video = written['video']
    assert video['frame_ids'].tolist() == list(range(1, 13))
    assert video['timestamps'] == pytest.approx(np.arange(12) / 25)
    assert (video['live'], video['num_frames'], video['path']) == (True, 12, 'camera:0')
    assert written['warnings'] == ['camera:0: ended early: interrupted (SIGINT)']
    assert 'interrupted (SIGINT)' in (tmp_path / 'report.html').read_text()
    assert len(read_trajectories(tmp_path / 'tracks.txt')) == 12
    for name in ('recording.mp4', 'video.mp4'):
        assert times_of(tmp_path / name) == pytest.approx(np.arange(12) / 25)
    kept = [number_of(frame.image) for frame in open_video(tmp_path / 'recording.mp4')]
    assert kept == list(range(1, 13))


@pytest.mark.parametrize('size', [(96, 64), (97, 65)])
def test_what_is_known_late_is_drawn_on_the_recording(
    plug_in, tmp_path, monkeypatch, size
) -> None:
    drawn = []
    draw = TrackDrawer.draw

    def watching(self, image, ids, boxes, *rest):
        drawn.append((number_of(image), image.shape[1::-1], ids.tolist(), boxes))
        return draw(self, image, ids, boxes, *rest)

    monkeypatch.setattr(TrackDrawer, 'draw', watching)
    plug_in(away=(101.0, 103.0), size=lambda now: size)
    stream = open_video('camera:0', seconds=5, stride=2)
    result = infer_video(model(renumbered), stream, tmp_path)
    numbers = [one[0] for one in drawn]
    assert numbers == [n % 30 for n in range(1, 2 * len(drawn), 2)]
    assert {one[1] for one in drawn} == {size}
    for k, (_, _, ids, boxes) in enumerate(drawn):
        assert ids[0] > 100
        place = (2 * k + 1) % 20
        assert boxes[0] == pytest.approx([4 + 2 * place, 20, 16 + 2 * place, 50], abs=1)
    times = np.array(result['video']['timestamps'])
    assert np.diff(times).max() > 3.5  # the gap stands in the videos as it was
    for name in ('recording.mp4', 'video.mp4'):
        assert times_of(tmp_path / name) == pytest.approx(times, abs=1e-3)
    assert 'dropped out 1 times' in result['warnings'][0]


def test_another_size_keeps_what_was_seen(plug_in, tmp_path) -> None:
    plug_in(size=lambda now: (96, 64) if now < 100.5 else (64, 96))
    result = infer_video(model(), open_video('camera:0'), tmp_path)
    assert result['video']['num_frames'] == 12
    assert 'its images are 64x96 now, they were 96x64' in result['warnings'][0]
    assert result['files'] == FILES


def test_it_is_never_finished_and_never_written_over(plug_in, tmp_path) -> None:
    plug_in()
    args = dict(config_text='config', draw=False)
    first = infer_video(model(), open_video('0', end=5), tmp_path, **args)
    assert first['files'] == ['tracks.txt']
    before = (tmp_path / 'result.json').read_bytes()
    with pytest.raises(FileExistsError, match='seen of a live stream.*--overwrite'):
        infer_video(model(), open_video('0', end=5), tmp_path, **args)
    assert (tmp_path / 'result.json').read_bytes() == before
    again = open_video('0', end=6)
    result = infer_video(model(), again, tmp_path, overwrite=True, **args)
    assert result['video']['frame_ids'].tolist() == [1, 2, 3, 4, 5, 6]


def test_the_recording_outlives_an_error_after_it(plug_in, tmp_path) -> None:
    class BadDrawer(Exception):
        pass

    def fail(*_: object) -> None:
        raise BadDrawer

    plug_in()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(BadDrawer):
        patch.setattr(TrackDrawer, 'draw', fail)
        infer_video(model(renumbered), open_video('0', end=5), tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == [UNFINISHED, 'recording.mp4', 'tracks.txt']
    with pytest.raises(FileExistsError, match='cannot be made again'):
        infer_video(model(), open_video('0', end=5), tmp_path)
    infer_video(model(), open_video('0', end=5), tmp_path, overwrite=True)


def test_a_stream_of_the_inferencer(plug_in, tmp_path) -> None:
    plug_in()
    inferencer = SMOTInferencer('two_stage/sort_public-detections', cache=True)
    with pytest.raises(
        ValueError, match='rtsp://u:.*@h is a live stream: give it alone'
    ):
        inferencer(['rtsp://u:p@h', 'a.mp4'], tmp_path)
    inferencer._model = model()
    result = inferencer('camera:0', tmp_path, seconds=0.4)
    assert result['video']['frame_ids'].tolist() == list(range(1, 11))
    assert not (tmp_path / 'cache').exists()


class BrokenWords(Words):
    def generate(self, *_: object, **__: object) -> Description:
        raise MemoryError('out of memory')


def test_the_recording_and_tracks_outlive_the_words(plug_in, tmp_path) -> None:
    plug_in()
    speaking = model()
    speaking.semantics = BrokenWords()
    with pytest.raises(MemoryError):
        infer_video(speaking, open_video('0', end=5), tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == [UNFINISHED, 'recording.mp4', 'tracks.txt']
    assert len(read_trajectories(tmp_path / 'tracks.txt')) == 5
    assert len(list(open_video(tmp_path / 'recording.mp4'))) == 5


@pytest.mark.parametrize(
    ('error', 'left'),
    [(MemoryError, [UNFINISHED, 'recording.mp4', 'tracks.txt']), (OSError, [])],
)
def test_the_recording_and_tracks_outlive_an_error_in_the_midst(
    plug_in, tmp_path, monkeypatch, error, left
) -> None:
    detect = BlobDetector.detect

    def fail(self, frames):
        if frames[-1].frame_id > 6:
            raise error('enough')
        return detect(self, frames)

    plug_in()
    monkeypatch.setattr(BlobDetector, 'detect', fail)
    looking = model()
    looking.batch_size = 2
    with pytest.raises(error):
        infer_video(looking, open_video('0', end=50), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == left
    if left:
        kept = open_video(tmp_path / 'recording.mp4')
        assert [number_of(frame.image) for frame in kept] == list(range(1, 9))
        tracks = read_trajectories(tmp_path / 'tracks.txt')
        assert tracks.frame_ids.tolist() == list(range(1, 7))


class CaptionsThatFail(Words):
    """Fails as soon as a track is described early."""

    def generate(self, *args: object, **options: object) -> Description:
        if options.get('caption_ids'):
            raise MemoryError('out of memory')
        return super().generate(*args, **options)


def test_tracks_outlive_captions_that_fail_before_the_end(plug_in, tmp_path) -> None:
    """A track that ends is described while the stream goes on."""
    plug_in()
    describing = model()
    describing.semantics = CaptionsThatFail()
    describing.batch_size = 2
    detect = BlobDetector.detect

    def vanish(self, frames):
        detections = detect(self, frames)
        return [
            rows if frame.frame_id <= 4 else rows[:0]
            for frame, rows in zip(frames, detections, strict=True)
        ]

    with pytest.MonkeyPatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(BlobDetector, 'detect', vanish)
        infer_video(describing, open_video('0', end=400), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [UNFINISHED, 'recording.mp4', 'tracks.txt']
    tracks = read_trajectories(tmp_path / 'tracks.txt')
    assert tracks.frame_ids.tolist() == [1, 2, 3, 4]
    num_frames = len(list(open_video(tmp_path / 'recording.mp4')))
    assert 4 < num_frames < 400  # while the stream went on


@pytest.mark.parametrize('draw', [False, True])
def test_a_recording_is_not_written_over(plug_in, tmp_path, draw) -> None:
    plug_in()
    infer_video(model(), open_video('0', end=5), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    again = open_video(tmp_path / 'recording.mp4')
    with pytest.raises(ValueError, match='would be written over .*another folder'):
        infer_video(model(), again, tmp_path, draw=draw, overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
