"""Tests of the demo scene: same bytes, true truth, detections worth tracking."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets import open_video
from mmsmot.structures import read_detections, read_trajectories
from tests.demo_scene import demo_scene as module
from tests.demo_scene import make_demo_scene

FRAMES = 60


@pytest.fixture(scope='module')
def scene(tmp_path_factory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('demo') / 'scene', FRAMES)


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def test_same_seed_same_bytes_other_seed_others(tmp_path) -> None:
    folders = [tmp_path / str(index) / 'scene' for index in range(3)]
    for folder, seed in zip(folders, (5, 5, 6), strict=True):
        make_demo_scene(folder, num_frames=4, seed=seed, width=160, height=96)
    assert digest(folders[0]) == digest(folders[1]) != digest(folders[2])


def test_is_a_mot_challenge_sequence(scene) -> None:
    reader = open_video(scene)
    info = reader.video
    assert (info.name, info.fps, info.width, info.height) == ('scene', 25, 480, 270)
    assert sorted(info.files) == ['det', 'gt']
    frames = list(reader)
    assert [frame.frame_id for frame in frames] == list(range(1, FRAMES + 1))
    assert frames[-1].image.shape == (270, 480, 3)


def test_people_are_where_the_truth_says(scene) -> None:
    """Inside unhidden boxes the image differs from the empty street, outside not."""
    frames = {frame.frame_id: frame.image for frame in open_video(scene)}
    street = np.median([frames[i] for i in range(1, FRAMES, 3)], axis=0)
    truth = read_trajectories(scene / 'gt/gt.txt')
    walkers = {i for i, t in truth.by_id().items() if np.ptp(t.boxes[:, 0]) > 40}
    assert len(walkers) >= 5
    inside, outside = [], []
    for frame_id in (10, 30, 50):
        changed = np.abs(frames[frame_id] - street).max(axis=2) > 40
        covered = np.zeros(changed.shape, bool)
        for row in np.flatnonzero(truth.frame_ids == frame_id):
            x1, y1, x2, y2 = np.clip(truth.boxes[row], 0, [480, 270] * 2).astype(int)
            covered[y1:y2, x1:x2] = True
            # The shadow on the ground is no part of a person.
            covered[y2 : y2 + 12, max(0, x1 - 25) : x2 + 25] = True
            if truth.ids[row] in walkers and truth.visibility[row] > 0.9:
                inside.append(changed[y1:y2, x1:x2].mean())
        outside.append(changed[~covered].mean())
    assert len(inside) >= 6
    assert np.mean(inside) > 0.25
    # What is left outside are ghosts: a street is a median over people who linger.
    assert np.mean(outside) < 0.02


def test_visibility_falls_where_people_cross(scene) -> None:
    truth = read_trajectories(scene / 'gt/gt.txt')
    assert set(truth.labels) == {1}
    assert set(truth.scores) == {1}
    assert ((truth.visibility >= 0) & (truth.visibility <= 1)).all()
    assert (truth.visibility < 0.4).sum() >= 5
    assert (truth.visibility > 0.95).mean() > 0.4


def test_boxes_move_smoothly_and_shrink_with_distance(scene) -> None:
    truth = read_trajectories(scene / 'gt/gt.txt')
    heights, feet = [], []
    for track in truth.by_id().values():
        centres = (track.boxes[:, 0] + track.boxes[:, 2]) / 2
        assert np.abs(np.diff(centres)[np.diff(track.frame_ids) == 1]).max() < 12
        heights.append(np.mean(track.boxes[:, 3] - track.boxes[:, 1]))
        feet.append(np.mean(track.boxes[:, 3]))
    assert np.corrcoef(heights, feet)[0, 1] > 0.95


def test_detections_are_noisy_truth(scene) -> None:
    truth = read_trajectories(scene / 'gt/gt.txt').by_frame()
    found = read_detections(scene / 'det/det.txt')
    hits, scores, false, total = 0, [], 0, 0
    for frame_id, boxes in truth.items():
        detections = found[frame_id]
        assert detections.boxes.min() >= 0
        assert (detections.boxes.max(axis=0) <= [480, 270, 480, 270]).all()
        overlap = iou(boxes.boxes, detections.boxes)
        match = overlap.max(axis=1) > 0.5
        hits += match[boxes.visibility > 0.6].sum()
        total += (boxes.visibility > 0.6).sum()
        best = detections.scores[overlap.argmax(axis=1)]
        scores += list(zip(boxes.visibility[match], best[match], strict=True))
        false += (overlap.max(axis=0) < 0.3).sum()
    assert 0.85 < hits / total < 1.0  # some of the plainly visible are missed
    assert 3 <= false <= 40
    visible, score = np.array(scores).T
    assert score[visible > 0.9].mean() > score[visible < 0.5].mean() + 0.15


def test_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    def fail(*_) -> None:
        raise OSError('disk full')

    monkeypatch.setattr(module, 'write_seqinfo', fail)
    with pytest.raises(OSError, match='disk full'):
        make_demo_scene(tmp_path / 'scene', num_frames=2, width=64, height=64)
    assert list(tmp_path.iterdir()) == []


def test_never_overwrites(tmp_path) -> None:
    (tmp_path / 'scene').mkdir()
    make_demo_scene(tmp_path / 'scene', num_frames=1, width=64, height=64)
    before = digest(tmp_path / 'scene')
    with pytest.raises(FileExistsError, match='scene: is there already; delete it'):
        make_demo_scene(tmp_path / 'scene', num_frames=2)
    assert digest(tmp_path / 'scene') == before


@pytest.mark.parametrize(
    'options', [dict(num_frames=0), dict(num_people=0), dict(fps=0), dict(width=20)]
)
def test_bad_options(tmp_path, options) -> None:
    with pytest.raises(ValueError, match='a scene needs num_frames'):
        make_demo_scene(tmp_path / 'scene', **options)


def test_other_sizes_and_counts(tmp_path) -> None:
    folder = make_demo_scene(
        tmp_path / 'scene', num_frames=2, num_people=1, width=101, height=77, fps=10
    )
    image = cv2.imread(str(folder / 'img1/000002.jpg'))
    assert image.shape == (77, 101, 3)


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    inner = np.clip(high - low, 0, None).prod(axis=2)
    area = [np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (boxes, others)]
    return inner / (area[0][:, None] + area[1] - inner)
