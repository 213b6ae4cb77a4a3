"""A file in the tracker slot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmsmot.models.trackers import TrajectoryFile
from mmsmot.structures import (
    Detections,
    Frame,
    Trajectories,
    VideoInfo,
    write_trajectories,
)

NOTHING = Detections.empty()


def frame(number: int, name: str = 'walk') -> Frame:
    return Frame(VideoInfo(name, '/videos/walk'), number, number / 30)


@pytest.fixture
def tracker(tmp_path: Path) -> TrajectoryFile:
    boxes = np.array([[0.0, 0, 10, 20], [5, 0, 15, 20], [100, 50, 140, 130]])
    table = Trajectories([2, 4, 4], [7, 7, 3], boxes, [0.9, 0.8, 0.7])
    write_trajectories(table, tmp_path / 'walk.txt')
    return TrajectoryFile(path=str(tmp_path / '{name}.txt'))


def test_reports_what_is_written(tracker: TrajectoryFile) -> None:
    assert len(tracker.update(NOTHING, frame(1))) == 0
    assert tracker.update(NOTHING, frame(2)).ids.tolist() == [7]
    tracks = tracker.update(NOTHING, frame(4))
    assert dict(zip(tracks.ids.tolist(), tracks.scores, strict=True)) == {
        7: 0.8,
        3: 0.7,
    }
    assert tracks.det_index.tolist() == [-1, -1]
    np.testing.assert_allclose(tracks.boxes[tracks.ids == 3], [[100, 50, 140, 130]])


def test_reads_a_new_file_after_a_reset(tracker: TrajectoryFile) -> None:
    tracker.update(NOTHING, frame(2))
    write_trajectories(Trajectories.empty(), tracker.path.format(name='walk', path=''))
    assert len(tracker.update(NOTHING, frame(2))) == 1
    tracker.reset()
    assert len(tracker.update(NOTHING, frame(2))) == 0


def test_a_missing_file_is_named(tracker: TrajectoryFile) -> None:
    with pytest.raises(FileNotFoundError, match=r'run: no trajectories at .*run\.txt'):
        tracker.update(NOTHING, frame(1, 'run'))


def test_needs_the_frame(tracker: TrajectoryFile) -> None:
    with pytest.raises(ValueError, match='must know which frame'):
        tracker.update(NOTHING)


def test_frames_from_0_are_moved_and_others_refused(tracker: TrajectoryFile) -> None:
    path = Path(tracker.path.format(name='walk', path=''))
    video = VideoInfo('walk', '/videos/walk', frame_ids=np.array([1, 2, 3]))
    path.write_text('0,7,0,0,5,5,1\n2,8,0,0,5,5,1\n')
    ids = [
        tracker.update(NOTHING, Frame(video, k, 0.0)).ids.tolist() for k in (1, 2, 3)
    ]
    assert ids == [[7], [], [8]]
    tracker.reset()
    path.write_text('1,7,0,0,5,5,1\n4,8,0,0,5,5,1\n5,8,0,0,5,5,1\n')
    # The sentence of the evaluation that reads such a file.
    with pytest.raises(
        ValueError, match=r'walk\.txt: 2 predicted boxes lie on frames .* on frame 4 '
    ):
        tracker.update(NOTHING, Frame(video, 1, 0.0))


@pytest.mark.parametrize('template', ['{x}.txt', '{0}.txt', '{name.txt', '{name.y}'])
def test_a_path_with_something_else_in_braces(template: str) -> None:
    with pytest.raises(
        ValueError, match=r'only \{name\} and \{path\} can stand in braces'
    ):
        TrajectoryFile(path=template).update(NOTHING, frame(1))


def test_truth_as_tracks_may_go_on_beyond_the_images(tmp_path: Path) -> None:
    path = tmp_path / 'gt.txt'
    path.write_text('1,7,0,0,5,5,1\n4,7,0,0,5,5,1\n')
    video = VideoInfo(
        'walk', str(tmp_path), files={'gt': str(path)}, frame_ids=np.array([1, 2])
    )
    tracker = TrajectoryFile(path='{path}/gt.txt')
    assert tracker.update(NOTHING, Frame(video, 1, 0.0)).ids.tolist() == [7]
    with pytest.raises(ValueError, match='1 predicted boxes lie on frames'):
        TrajectoryFile(path='{path}/gt.txt').update(
            NOTHING, Frame(replace(video, files={}), 1, 0.0)
        )


def test_our_own_tracks_of_images_that_count_from_0(tracker: TrajectoryFile) -> None:
    frames = dict(frame_ids=np.arange(1, 10), images_from_zero=True)
    second = Frame(VideoInfo('walk', '/videos/walk', **frames), 2, 0.1)
    with pytest.raises(ValueError, match='Set first_frame=0 or first_frame=1'):
        tracker.update(NOTHING, second)
    tracker = TrajectoryFile(path=tracker.path, first_frame=1)
    assert tracker.update(NOTHING, second).ids.tolist() == [7]
    with pytest.raises(ValueError, match='TrajectoryFile: first_frame must be one of'):
        TrajectoryFile(path='a.txt', first_frame=2)
