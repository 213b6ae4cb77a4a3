"""Which track a box or a click chooses for the plain baseline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets import open_video
from mmsmot.engine import load_config, set_config_weights
from mmsmot.registry import MODELS
from mmsmot.structures import Detections, Frame, Prompt, Tracks, VideoInfo
from mmsmot.structures.boxes import pairwise_iou
from projects.semtracker.models.chosen_track import named_box, named_track
from projects.semtracker.models.target_query import QueryOptions

VIDEO = VideoInfo('two', 'two', fps=10.0, width=320, height=160)
CLICK = Prompt(points={1: (50, 50)})
SURE, UNSURE = (30, 20, 70, 100), (45, 30, 110, 120)  # both under the click


def frame(number: int) -> Frame:
    return Frame(VIDEO, number, number / 10)


def detections(*boxes: tuple) -> Detections:
    scores = np.linspace(0.9, 0.5, len(boxes))
    return Detections(np.array(boxes, float).reshape(-1, 4), scores)


def tracks(**boxes: tuple) -> Tracks:
    """Tracks ``t<id>=box``."""
    ids = np.array([int(name[1:]) for name in boxes], int)
    corners = np.array([*boxes.values()], float).reshape(-1, 4)
    return Tracks(ids, corners, np.ones(len(ids)), ids * 0, np.arange(len(ids)))


def choice(prompt: Prompt, *steps: tuple[Detections, Tracks]) -> list[int]:
    """The id of the chosen track after each frame."""
    box, ids = None, []
    for number, (people, reported_tracks) in enumerate(steps, start=1):
        box = named_box(prompt, frame(number), people, QueryOptions(), box)
        ids.append(named_track(box, reported_tracks))
    return ids


def test_a_click_waits_for_the_track_of_the_clicked_detection() -> None:
    """An older track stands under the point while the clicked one's is not reported."""
    people = detections(SURE, UNSURE)
    old = tracks(t3=UNSURE)
    both = tracks(t3=UNSURE, t8=SURE)
    assert choice(CLICK, (people, old), (people, old), (people, both)) == [-1, -1, 8]


def test_the_clicked_box_is_kept_when_somebody_else_comes_under_the_click() -> None:
    away = (100, 20, 140, 100)
    steps = [
        (detections(SURE), tracks()),
        (detections(UNSURE), tracks(t3=away)),
        (detections(UNSURE), tracks(t3=away, t8=SURE)),
    ]
    for missed_click in ('error', 'wait'):
        box = None
        for number, (people, _) in enumerate(steps, start=1):
            options = QueryOptions(missed_click=missed_click)
            box = named_box(CLICK, frame(number), people, options, box)
            assert box.tolist() == [*SURE]
    assert choice(CLICK, *steps) == [-1, -1, 8]


def test_a_box_is_kept_until_its_track_is_reported() -> None:
    prompt = Prompt(boxes={2: SURE})
    people = detections(SURE)
    steps = [(people, tracks(t1=SURE)), (people, tracks()), (people, tracks(t4=SURE))]
    assert choice(prompt, *steps) == [-1, -1, 4]
    with pytest.raises(ValueError, match='on nobody'):
        choice(CLICK, (detections(), tracks()))


def test_real_people_by_a_detector_of_onnx(test_data: Path) -> None:
    """Target 2 of PETS09-S2L1 by a click in frame 467, beside its true boxes."""
    config = load_config('projects/semtracker/configs/chosen-bytetrack_yolox-nano.py')
    set_config_weights(config, str(test_data / 'data/models/yolox_nano.onnx'))
    model = MODELS.build(config.model).train().eval()
    folder = test_data / 'data/PETS09-S2L1'
    frames = [*open_video(folder / 'vtest.avi', start=463, end=470)]
    run = model.begin(frames[0].video, [Prompt(points={467: (722.5, 371.8)})])
    results = run.push(frames)
    rows = np.loadtxt(folder / 'gt/gt.txt', delimiter=',')
    assert [len(result.prompt_tracks[0]) for result in results] == [0] * 4 + [1] * 4
    for result in results[4:]:
        (tracks,) = result.prompt_tracks
        (row,) = rows[(rows[:, 0] == result.frame_id) & (rows[:, 1] == 2)]
        truth = np.array([[row[2], row[3], row[2] + row[4], row[3] + row[5]]])
        assert pairwise_iou(tracks.boxes, truth).item() > 0.5
