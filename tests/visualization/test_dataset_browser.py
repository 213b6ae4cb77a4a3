"""Sheets and clips of a dataset."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence
from mmsmot.structures import Interactions, Trajectories, VideoInfo
from mmsmot.visualization.dataset_browser import (
    MAX_CLIP_LINES,
    MAX_SHEET_LINES,
    browser_interaction_entries,
    browser_sheet_frames,
    draw_dataset_sheet,
    write_dataset_clip,
    write_dataset_sheet,
)
from mmsmot.visualization.text_panel import LINE_HEIGHT, MARGIN
from mmsmot.visualization.track_drawer import track_color

FRAMES = np.array([2, 4, 5, 7, 8, 9, 11, 12])


@pytest.fixture
def video(tmp_path: Path) -> ImageSequence:
    paths = [str(tmp_path / f'{frame}.png') for frame in FRAMES]
    for path in paths:
        assert cv2.imwrite(path, np.full((96, 160, 3), 128, np.uint8))
    return ImageSequence(VideoInfo('a/1', 'a/1', 4.0, 160, 96), FRAMES, paths)


@pytest.fixture
def truth() -> GroundTruth:
    ids = np.tile([1, 2], len(FRAMES))
    boxes = np.tile([[20.0, 30, 40, 80], [110, 30, 130, 80]], (len(FRAMES), 1))
    return GroundTruth(
        Trajectories(np.repeat(FRAMES, 2), ids, boxes),
        {1: 'A man pushes.', 2: 'A woman is pushed.'},
        Interactions([1], [2], ['push.v.01'], [8], [9]),
        'A man pushes a woman.',
    )


def has_arrow(tile: np.ndarray) -> bool:
    return bool((tile[:50, 200:280] == track_color(1)).all(axis=2).any())


def read(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == 'h264'
        return [f.to_ndarray(format='bgr24') for f in container.decode(video=0)]


def test_a_span_moves_a_frame_into_it() -> None:
    assert browser_sheet_frames(FRAMES, None, 3).tolist() == [2, 8, 12]
    late = Interactions([1], [2], ['push.v.01'], [9], [11])
    assert browser_sheet_frames(FRAMES, late, 3).tolist() == [2, 8, 11]
    both = Interactions([1, 2], [2, 1], ['push.v.01', 'talk.v.01'], [4, 9], [5, 11])
    shown = browser_sheet_frames(FRAMES, both, 3)
    assert 4 <= shown[0] <= 5
    assert ((shown >= 9) & (shown <= 11)).any()
    nowhere = Interactions([1], [2], ['push.v.01'], [3], [3])  # a hole in the numbers
    assert browser_sheet_frames(FRAMES, nowhere, 3).tolist() == [2, 8, 12]
    assert browser_sheet_frames(FRAMES, None, 99).tolist() == FRAMES.tolist()


def test_a_sheet_shows_an_interaction_in_its_span_alone(video, truth) -> None:
    sheet = draw_dataset_sheet(video, truth, num_frames=3, columns=3, tile_width=480)
    tiles = [sheet[:288, x : x + 480] for x in (0, 484, 968)]
    assert [has_arrow(tile) for tile in tiles] == [False, True, False]
    assert sheet.shape[1] == 3 * 484 - 4
    assert sheet.shape[0] == 288 + 2 * 8 + 5 * 18  # title, 3 captions, interactions


def test_a_sheet_of_a_video_without_words(video, tmp_path: Path) -> None:
    sheet = draw_dataset_sheet(
        video, GroundTruth(), num_frames=4, columns=2, tile_width=200
    )
    assert sheet.shape[:2] == (2 * 120 + 4 + 2 * 8 + 18, 404)  # a title of one line
    write_dataset_sheet(sheet, tmp_path / 'deep' / 'sheet.jpg')
    assert cv2.imread(str(tmp_path / 'deep' / 'sheet.jpg')).shape == sheet.shape


def test_a_clip_has_every_frame_and_the_arrow_in_its_span(
    video, truth, tmp_path: Path
) -> None:
    write_dataset_clip(video, truth, tmp_path / 'clip.mp4', scale=3)
    frames = read(tmp_path / 'clip.mp4')
    assert len(frames) == len(FRAMES)
    assert {frame.shape for frame in frames} == {(288 + 2 * 8 + 3 * 18, 480, 3)}
    quiet = frames[0][:70, 120:360].astype(int)
    busy = [np.abs(f[:70, 120:360] - quiet).mean() > 5 for f in frames]
    assert busy == [f in (8, 9) for f in FRAMES]


def test_interactions_are_told_with_what_is_known() -> None:
    rows = Interactions([1, 2], [2, 1], ['push.v.01', 'look.v.01'], [8, 0], [9, 0])
    (entry,) = browser_interaction_entries(rows)
    assert entry.text == '1 push 2 (8-9); 2 look 1'
    assert (
        browser_interaction_entries(None)
        == browser_interaction_entries(Interactions.empty())
        == []
    )


def test_a_video_without_images_is_refused(truth) -> None:
    bare = ImageSequence(VideoInfo('a/1', '/data/a/1', 4.0, 160, 96), FRAMES)
    with pytest.raises(ValueError, match='a/1: no images in /data/a/1'):
        draw_dataset_sheet(bare, truth)


def test_a_crowd_of_long_captions_makes_a_sheet_and_a_clip(
    video, truth, tmp_path: Path
) -> None:
    """400 people of whom 2,000 letters are said, more than a JPEG or a video has rows."""
    truth.captions |= {i: f'{i} ' + 'walks ' * 10_000 for i in range(3, 400)}
    sheet = draw_dataset_sheet(video, truth, num_frames=1)
    assert sheet.shape[0] == 288 + 2 * MARGIN + MAX_SHEET_LINES * LINE_HEIGHT
    write_dataset_sheet(sheet, tmp_path / 'sheet.jpg')
    assert cv2.imread(str(tmp_path / 'sheet.jpg')).shape == sheet.shape
    write_dataset_clip(video, truth, tmp_path / 'clip.mp4', scale=2)
    (shape,) = {frame.shape for frame in read(tmp_path / 'clip.mp4')}
    assert shape == (192 + 2 * MARGIN + MAX_CLIP_LINES * LINE_HEIGHT, 320, 3)


@pytest.mark.parametrize('fps', [0, -1.0, float('nan'), 1e308])
def test_a_rate_of_a_clip_is_one(video, truth, tmp_path: Path, fps: float) -> None:
    with pytest.raises(ValueError, match='fps must be a finite number from 1e-06'):
        write_dataset_clip(video, truth, tmp_path / 'clip.mp4', fps=fps)


def test_a_clip_is_no_wider_than_players_show(video, truth, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'160000 pixels wide, more than 8192.*51\.2'):
        write_dataset_clip(video, truth, tmp_path / 'clip.mp4', scale=1000)
