"""Nothing is detected twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import load_state_dict as mmengine_load

from mmsmot.models.detectors import BaseDetector, CachedDetector, DetectionFile
from mmsmot.models.reid import BaseReID
from mmsmot.structures import Detections, Frame, VideoInfo


class Counting(BaseDetector):
    def __init__(self, name: str = 'one') -> None:
        self.name, self.seen = name, []

    def detect(self, frames):
        self.seen += [frame.frame_id for frame in frames]
        return [
            Detections(
                [[0, 0, f.frame_id, 5]] * (f.frame_id % 3), [0.5] * (f.frame_id % 3)
            )
            for f in frames
        ]

    @property
    def fingerprint(self) -> str:
        return self.name


class Width(BaseReID):
    fingerprint = 'width'

    def embed(self, image, boxes):
        return (boxes[:, 2:3] * [1, 2]).astype(np.float32)


@pytest.fixture
def video(tmp_path: Path) -> VideoInfo:
    path = tmp_path / 'video.mp4'
    path.write_bytes(b'pictures')
    return VideoInfo('video', str(path))


def frames(video: VideoInfo, *frame_ids: int, image: bool = False) -> list[Frame]:
    load = (lambda: np.zeros((9, 9, 3), np.uint8)) if image else None
    return [Frame(video, frame_id, 0.0, load) for frame_id in frame_ids]


def test_a_second_run_asks_nobody(tmp_path: Path, video: VideoInfo) -> None:
    root = str(tmp_path / 'cache')
    first = CachedDetector(detector=Counting(), root=root)
    expected = first.detect(frames(video, 1, 2, 3)) + first.detect(frames(video, 4, 5))
    inner = Counting()
    second = CachedDetector(detector=inner, root=root)
    # Another stride and another batch: what is there is not asked for again.
    found = second.detect(frames(video, 1, 3, 5, 7))
    assert inner.seen == [7]
    for one, other in zip(
        found[:3], (expected[0], expected[2], expected[4]), strict=True
    ):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_another_detector_or_video_is_another_key(
    tmp_path: Path, video: VideoInfo
) -> None:
    root = str(tmp_path / 'cache')
    CachedDetector(detector=Counting('one'), root=root).detect(frames(video, 1))
    other = Counting('two')
    CachedDetector(detector=other, root=root).detect(frames(video, 1))
    assert other.seen == [1]
    Path(video.path).write_bytes(b'other images')
    changed = Counting('one')
    CachedDetector(detector=changed, root=root).detect(frames(video, 1))
    assert changed.seen == [1]


def test_another_precision_is_another_key(tmp_path: Path, video: VideoInfo) -> None:
    """As of ``test_cfg.fp16``, which MMEngine's loop turns into autocast."""
    root, detector = str(tmp_path / 'cache'), Counting()
    cached = CachedDetector(detector=detector, root=root)
    for _ in range(2):
        cached.detect(frames(video, 1))
        for dtype in (torch.bfloat16, torch.float16):
            with torch.autocast('cpu', dtype=dtype):
                cached.detect(frames(video, 1))
    assert detector.seen == [1, 1, 1]
    assert len([*Path(root).iterdir()]) == 3


@pytest.mark.parametrize('is_packed', [False, True], ids=['cut short', 'packed'])
def test_a_damaged_file_is_detected_again(
    tmp_path: Path, video: VideoInfo, is_packed: bool
) -> None:
    root = tmp_path / 'cache'
    CachedDetector(detector=Counting(), root=str(root)).detect(frames(video, 1, 2))
    (shard,) = root.glob('*/*.npz')
    if is_packed:  # as what would fill the memory is
        with np.load(shard) as file:
            np.savez_compressed(shard, **file)
    else:
        shard.write_bytes(shard.read_bytes()[:40])
    inner = Counting()
    CachedDetector(detector=inner, root=str(root)).detect(frames(video, 1, 2))
    assert inner.seen == [1, 2]
    assert len(list(root.glob('*/*.npz'))) == 1


def test_embeddings_are_kept_and_images_left_alone(
    tmp_path: Path, video: VideoInfo
) -> None:
    root = str(tmp_path / 'cache')
    CachedDetector(detector=Counting(), root=root, reid=Width()).detect(
        frames(video, 1, 2, image=True)
    )
    again = CachedDetector(detector=Counting(), root=root, reid=Width())
    found = again.detect(frames(video, 1, 2))  # these frames have no image at all
    assert found[1].embeddings.tolist() == [[2, 4], [2, 4]]


def test_a_file_that_is_being_written_is_left_alone(
    tmp_path: Path, video: VideoInfo
) -> None:
    root = tmp_path / 'cache'
    CachedDetector(detector=Counting(), root=str(root)).detect(frames(video, 1, 2))
    (folder,) = root.iterdir()
    for name in ('.5-8.x1y2z3.npz', 'notes-of mine.npz'):
        (folder / name).write_bytes(b'half')
    inner = Counting()
    CachedDetector(detector=inner, root=str(root)).detect(frames(video, 1, 2, 5))
    assert inner.seen == [5]
    assert (folder / '.5-8.x1y2z3.npz').exists()


def test_two_caches_keep_detections_for_trackers_without_reid(
    tmp_path: Path, video: VideoInfo
) -> None:
    root = str(tmp_path / 'cache')
    CachedDetector(detector=Counting(), root=root).detect(frames(video, 1, 2))
    inner = Counting()
    described = CachedDetector(
        detector=CachedDetector(detector=inner, root=root), root=root, reid=Width()
    )
    found = described.detect(frames(video, 1, 2, image=True))
    assert inner.seen == []
    assert found[1].embeddings.tolist() == [[2, 4], [2, 4]]


def test_a_rewritten_detection_file_is_read_again(
    tmp_path: Path, video: VideoInfo
) -> None:
    path = tmp_path / 'dets.txt'
    path.write_text('1,-1,0,0,5,5,1\n')
    for right in (5.0, 7.0):
        path.write_text(f'1,-1,0,0,{right},5,1\n')
        cached = CachedDetector(
            detector=DetectionFile(path=str(path)), root=str(tmp_path / 'cache')
        )
        assert cached.detect(frames(video, 1))[0].boxes[0, 2] == right


def test_the_network_inside_is_seen_by_torch(tmp_path: Path) -> None:
    class Network(torch.nn.Linear, Counting):
        def __init__(self) -> None:
            torch.nn.Linear.__init__(self, 2, 1)

    cached = CachedDetector(detector=Network(), root=str(tmp_path))
    # As without the cache, and as with two: a checkpoint fits all of them.
    twice = torch.nn.Sequential(
        CachedDetector(detector=CachedDetector(detector=Network(), root='x'), root='y')
    )
    plain = torch.nn.Sequential(Network())
    assert set(cached.state_dict()) == {'weight', 'bias'}
    assert list(twice.state_dict()) == list(plain.state_dict())
    twice.load_state_dict(plain.state_dict())
    inner = twice[0].detector.detector
    torch.testing.assert_close(inner.weight, plain[0].weight)
    with pytest.raises(RuntimeError, match='Missing key'):
        twice.load_state_dict({'0.weight': plain[0].weight})
    mmengine_load(twice, {'0.bias': torch.tensor([7.0])})
    assert inner.bias.item() == 7.0
    assert next(cached.to(torch.float64).detector.parameters()).dtype == torch.float64


def test_other_weights_in_the_same_detector(tmp_path: Path, video: VideoInfo) -> None:
    inner = Counting('one')
    cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
    for name, seen in (('one', [1]), ('two', [1, 1]), ('one', [1, 1])):
        inner.name = name  # trained on, or another checkpoint was loaded
        cached.detect(frames(video, 1))
        assert inner.seen == seen


def test_a_file_that_was_changed_is_opened_anew(
    tmp_path: Path, video: VideoInfo
) -> None:
    inner = Counting()
    cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
    cached.detect(frames(video, 1))
    Path(video.path).write_bytes(b'other images')
    cached.detect(frames(VideoInfo('video', video.path), 1))
    assert inner.seen == [1, 1]


@pytest.mark.parametrize('path', ['stream', 'rtsp://door/main', 'camera:0'])
def test_a_stream_is_not_remembered(path: str, tmp_path: Path) -> None:
    inner = Counting()
    cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
    for _ in range(2):
        cached.detect(frames(VideoInfo('stream', path), 1))
    assert inner.seen == [1, 1]
    assert not (tmp_path / 'cache').exists()


def test_a_live_video_with_the_name_of_a_folder_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'stream').mkdir()
    inner = Counting()
    cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
    for _ in range(2):
        cached.detect(frames(VideoInfo('stream', 'stream', is_live=True), 1))
    assert inner.seen == [1, 1]
    assert not (tmp_path / 'cache').exists()


def test_the_fingerprint_is_taken_once_a_run(tmp_path: Path, video: VideoInfo) -> None:
    class Fingerprinted(Counting):
        count = 0

        @property
        def fingerprint(self) -> str:
            self.count += 1
            return self.name

    other_path = tmp_path / 'other.mp4'
    other_path.write_bytes(b'others')
    other_video = VideoInfo('other', str(other_path))
    inner = Fingerprinted()
    cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
    for frame_id in range(1, 20):  # two videos at once
        cached.detect(frames(video, frame_id))
        cached.detect(frames(other_video, frame_id))
    assert inner.count == 2
    cached.detect(frames(video, 1))  # a second run
    assert inner.count == 3


@pytest.mark.parametrize('name', ['x' * 250, 'ä' * 125, os.fsdecode(b'caf\xe9')])
def test_names_that_file_systems_hardly_take(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b'pictures')
    inner = Counting()
    for _ in range(2):
        cached = CachedDetector(detector=inner, root=str(tmp_path / 'cache'))
        cached.detect(frames(VideoInfo(name, str(tmp_path / name)), 1))
    assert inner.seen == [1]


def test_videos_in_threads(tmp_path: Path) -> None:
    videos = []
    for i in range(4):
        (tmp_path / f'{i}.mp4').write_bytes(bytes(i))
        videos.append(VideoInfo(f'{i}', str(tmp_path / f'{i}.mp4')))
    cached = CachedDetector(detector=Counting(), root=str(tmp_path / 'cache'))

    def look(video: VideoInfo) -> list[list]:
        found = [cached.detect(frames(video, t, t + 1)) for t in range(1, 40, 2)]
        return [d.boxes.tolist() for batch in found for d in batch]

    expected = [[[0.0, 0.0, float(t), 5.0]] * (t % 3) for t in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        assert all(boxes == expected for boxes in pool.map(look, videos * 4))
