"""From which number a file counts its frames: one rule for every reader."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from mmsmot.structures import (
    Trajectories,
    VideoInfo,
    read_detections,
    read_trajectories,
    write_trajectories,
)
from mmsmot.structures.frame_numbering import (
    frame_number_offset,
    log_boxes_without_frame_number,
    require_numbered_frames,
)

FRAMES = np.arange(1, 11)  # ten images
FROM_ONE = VideoInfo('a', 'a', frame_ids=FRAMES)
FROM_ZERO = VideoInfo('a', 'a', frame_ids=FRAMES, images_from_zero=True)


def numbering(video: VideoInfo | None) -> dict:
    if video is None:
        return {}
    return dict(frame_ids=video.frame_ids, images_from_zero=video.images_from_zero)


HOLES = VideoInfo('a', 'a', frame_ids=np.array([1, 16, 31]), images_from_zero=True)


@pytest.mark.parametrize(
    ('first', 'last_frame', 'video', 'offset'),
    [
        (0, 9, None, 1),
        (1, 10, None, 0),
        (0, 9, FROM_ONE, 1),
        (0, 4, FROM_ONE, 1),
        (1, 10, FROM_ONE, 0),
        (3, 7, FROM_ONE, 0),  # MOTChallenge's own rule
        (0, 9, FROM_ZERO, 1),
        (0, 3, FROM_ZERO, 1),
        (1, 10, FROM_ZERO, 0),
        (5, 10, FROM_ZERO, 0),
        (0, 30, HOLES, 1),
        (1, 31, HOLES, 0),
        (0, 9, VideoInfo('stream', 'rtsp://x'), 1),
    ],
)
def test_what_tells(first: int, last_frame: int, video: VideoInfo, offset: int) -> None:
    numbers = np.array([last_frame, first, 5.5, np.nan, -1])
    assert frame_number_offset(numbers, 'x', **numbering(video)) == offset


@pytest.mark.parametrize(
    ('rows', 'video', 'message'),
    [
        (
            [1, 9],
            FROM_ZERO,
            r'gt\.txt: the images of its video count from 0, and no row shows',
        ),
        (
            [3, 4],
            FROM_ZERO,
            r'add the row "0,-1,0,0,0,0" .*, "10,-1,0,0,0,0" if from 1',
        ),
        ([1, 12], FROM_ZERO, 'Set first_frame=0 or first_frame=1'),
        (
            [0, 10],
            FROM_ONE,
            'has rows of frame 0 and of frame 10, but the frames of its video are',
        ),
        ([0, 10], FROM_ZERO, 'are 0 to 9 or 1 to 10'),
    ],
)
def test_what_cannot_be_told(rows: list, video: VideoInfo, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frame_number_offset(np.array(rows, float), 'gt.txt', **numbering(video))


def test_no_row_needs_no_number() -> None:
    assert frame_number_offset(np.empty(0), 'x', **numbering(FROM_ZERO)) == 0


def test_readers_move_a_file_that_counts_from_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(
        'mmsmot.structures.mot_text.print_log',
        lambda text, level, **_: messages.append((text.split(': ', 1)[1], level)),
    )
    path = tmp_path / 'x.txt'
    path.write_text('0,1,0,0,5,5,.9\n4,1,2,0,5,5,.9\n')
    assert read_trajectories(path).frame_ids.tolist() == [1, 5]
    assert sorted(read_detections(path)) == [1, 5]
    message = 'the rows count frames from 0; frame number = row number + 1'
    assert messages == [(message, logging.WARNING)] * 2
    messages.clear()
    read_detections(path, video=FROM_ZERO)  # as its images do
    assert messages == [(message, logging.INFO)]
    for read in (read_trajectories, read_detections):
        with pytest.raises(ValueError, match='count frames from 0'):
            read(path, strict=True)


def test_a_row_without_a_box_tells(tmp_path: Path) -> None:
    path = tmp_path / 'x.txt'
    path.write_text('4,1,2,0,5,5,.9\n')
    with pytest.raises(ValueError, match='no row shows'):
        read_detections(path, video=FROM_ZERO)
    path.write_text('4,1,2,0,5,5,.9\n0,-1,0,0,0,0\n')
    assert sorted(read_detections(path, video=FROM_ZERO)) == [5]
    path.write_text('4,1,2,0,5,5,.9\n10,-1,0,0,0,0\n')
    assert read_trajectories(path, video=FROM_ZERO).frame_ids.tolist() == [4]


def test_boxes_on_other_frames_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.frame_numbering.print_log',
        lambda text, logger, level: messages.append((text, logger, level)),
    )
    log_boxes_without_frame_number(np.array([1, 16, 17, 40]), 'gt.txt', HOLES)
    message = (
        'gt.txt: 2 of 4 boxes stand in frames that a does not have, the first in frame 17 '
        '(it has 3, the last is 31); left out'
    )
    assert messages == [(message, 'current', logging.WARNING)]
    log_boxes_without_frame_number(np.array([1, 16]), 'gt.txt', HOLES)
    log_boxes_without_frame_number(
        np.array([1, 16]), 'gt.txt', VideoInfo('stream', 'rtsp://x')
    )
    assert len(messages) == 1


def test_predictions_on_other_frames_are_refused() -> None:
    pred = Trajectories([1, 4, 4], [1, 1, 2], [[0, 0, 5, 5]] * 3)
    require_numbered_frames(pred, np.array([1, 4]))
    message = r'2 predicted .* the first on frame 4 \(tracked: 2 frames, 1 to 3\)'
    with pytest.raises(ValueError, match=message):
        require_numbered_frames(pred, np.array([1, 3]))
    with pytest.raises(ValueError, match=r'frame 1 \(tracked: 0 frames, none\)'):
        require_numbered_frames(pred, np.empty(0, int))


def test_the_caller_states_the_numbering(tmp_path: Path) -> None:
    """What we write counts from 1, also where no box is on the last frame."""
    path = tmp_path / 'tracks.txt'
    write_trajectories(Trajectories([4], [1], [[2, 0, 7, 5]]), path)
    with pytest.raises(ValueError, match='Set first_frame=0 or first_frame=1'):
        read_trajectories(path, video=FROM_ZERO)
    for first_frame, frame_id in ((1, 4), (0, 5)):
        options = dict(video=FROM_ZERO, first_frame=first_frame, strict=True)
        assert read_trajectories(path, **options).frame_ids.tolist() == [frame_id]
        assert sorted(read_detections(path, **options)) == [frame_id]
    with pytest.raises(
        ValueError, match='first_frame must be one of None, 0, 1, got 2'
    ):
        read_trajectories(path, first_frame=2)
