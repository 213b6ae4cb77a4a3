"""Tests of the reader: what is selected, what is held, what is refused."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Sequence

import numpy as np
import pytest

from mmsmot.datasets import ImageSequence, VideoReader, open_video
from mmsmot.structures import VideoInfo


@pytest.fixture(params=['file', 'folder'])
def forty(request, tmp_path, write_video, write_images):
    """The same 40 frames as a video file and as a folder of images."""
    if request.param == 'file':
        return write_video(tmp_path / 'a.mp4')
    return write_images(tmp_path / 'a', [f'{n:03d}.png' for n in range(1, 41)])


@pytest.mark.parametrize(
    ('start', 'end', 'stride', 'numbers'),
    [
        (None, None, 1, list(range(1, 41))),
        (5, 9, 1, [5, 6, 7, 8, 9]),
        (None, 3, 1, [1, 2, 3]),
        (38, None, 1, [38, 39, 40]),
        (3, 12, 4, [3, 7, 11]),
        (None, None, 15, [1, 16, 31]),
        (40, 99, 1, [40]),
    ],
)
def test_selection_keeps_original_numbers(
    forty, number_of, start, end, stride, numbers
) -> None:
    reader = pickle.loads(pickle.dumps(open_video(forty, start, end, stride)))
    frames = list(reader)
    assert [frame.frame_id for frame in frames] == numbers
    assert [number_of(frame.image) for frame in frames] == numbers
    assert reader.frame_ids.tolist() == numbers
    assert len(reader) == reader.num_frames == len(numbers)


def test_stride_counts_the_frames_there_are(tmp_path, write_images) -> None:
    names = [f'{n}.png' for n in (1, 2, 4, 6, 7, 11)]
    reader = open_video(write_images(tmp_path / 'a', names), start=2, stride=2)
    assert [frame.frame_id for frame in reader] == [2, 6, 11]
    assert reader.frame_ids.tolist() == [2, 6, 11]


def test_batches(forty) -> None:
    sizes = [len(batch) for batch in open_video(forty).batches(16)]
    assert sizes == [16, 16, 8]


class Watched:
    """A source that notes how many of its frames are alive when it makes one more."""

    def __init__(self, source) -> None:
        self.source = source
        self.video = source.video
        self.frame_ids = source.frame_ids
        self.alive = weakref.WeakSet()
        self.max_alive = 0

    def __iter__(self):
        frames = iter(self.source)
        while True:
            frame = next(frames, None)
            if frame is None:
                return
            self.alive.add(frame)
            self.max_alive = max(self.max_alive, len(self.alive))
            yield frame
            del frame


@pytest.mark.parametrize('size', [1, 4])
def test_never_holds_more_than_a_batch(forty, size) -> None:
    source = Watched(open_video(forty).source)
    for batch in VideoReader(source).batches(size):
        for frame in batch:
            assert frame.image.shape == (48, 64, 3)
        del batch, frame
    assert source.max_alive == size
    assert len(source.alive) == 0


def test_unknown_length(tmp_path, write_video) -> None:
    reader = open_video(write_video(tmp_path / 'a.mkv'), stride=2)
    assert reader.num_frames is None
    assert reader.frame_ids is None
    assert reader
    with pytest.raises(TypeError, match=r'a\.mkv does not say how many frames'):
        len(reader)
    assert len(list(reader)) == 20


def test_is_no_sequence_to_mmengine(forty) -> None:
    from mmengine.dataset import pseudo_collate
    from mmengine.model import BaseDataPreprocessor

    reader = open_video(forty)
    assert not isinstance(reader, Sequence)
    batch = pseudo_collate([dict(inputs=reader), dict(inputs=reader)])
    batch = BaseDataPreprocessor()(batch)
    assert [type(item) for item in batch['inputs']] == [VideoReader, VideoReader]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(start=41), 'no frame between start=41 and end=None; it has 1 to 40'),
        (dict(start=9, end=8), 'no frame between start=9 and end=8'),
        (dict(end=0), 'no frame between start=None and end=0'),
        (dict(stride=0), 'VideoReader: stride must be a whole number of 1 or more'),
        (dict(stride=2.0), 'VideoReader: stride must be a whole number'),
        (dict(start='7'), 'VideoReader: start must be a whole number, or None'),
        (dict(start=10**30), 'no frame between start=10000'),
    ],
)
def test_empty_selection(forty, arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        open_video(forty, **arguments)


def test_strides_and_ends_beyond_any_video(forty, tmp_path, write_images) -> None:
    images = write_images(tmp_path / 'three', ['1.png', '2.png', '3.png'])
    for path in (forty, images):
        reader = open_video(path, stride=10**20)
        assert [frame.frame_id for frame in reader] == reader.frame_ids.tolist() == [1]
    assert len(list(open_video(images, end=10**30))) == 3


def test_nothing_there(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'gone\.mp4: no such video file'):
        open_video(tmp_path / 'gone.mp4')


def test_batch_of_nothing(forty) -> None:
    with pytest.raises(ValueError, match='size must be a whole number of 1'):
        next(open_video(forty).batches(0))


def test_real_video_from_the_middle(test_data) -> None:
    path = test_data / 'data/videos/street_480x270.mp4'
    all_frames = {frame.frame_id: frame for frame in open_video(path, 100, 110)}
    part = list(open_video(path, start=100, end=110, stride=5))
    assert [frame.frame_id for frame in part] == [100, 105, 110]
    for frame in part:
        assert frame.timestamp == all_frames[frame.frame_id].timestamp
        assert np.array_equal(frame.image, all_frames[frame.frame_id].image)


def test_a_sequence_of_bensmot(tmp_path, write_images) -> None:
    """Its frame numbers are sparse, its name has the activity, its speed is its own."""
    folder = tmp_path / 'cooking' / '0007'
    write_images(folder / 'imgs', ['001.jpg', '002.jpg', '004.jpg'])
    video = open_video(folder)
    assert video.video.name == 'cooking/0007'
    assert video.video.fps == 2.0
    assert video.frame_ids.tolist() == [1, 2, 4]
    (folder / 'semantic_trajectories.json').write_text('{"fps": 8, "trajectories": []}')
    assert open_video(folder).video.fps == 8.0
    assert [frame.timestamp for frame in open_video(folder)] == [0, 1 / 8, 3 / 8]


def test_a_video_without_frames_is_named() -> None:
    video = VideoInfo('empty', 'data/empty.csv', frame_ids=np.empty(0, np.int64))
    source = ImageSequence(video, np.empty(0, np.int64))
    with pytest.raises(ValueError, match='data/empty.csv: no frame in it'):
        VideoReader(source)
