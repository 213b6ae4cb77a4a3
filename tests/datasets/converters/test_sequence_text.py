"""The text files of a sequence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.converters.sequence_text import (
    write_gt_boxes,
    write_semantics_text,
)
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.structures import Interactions, ReferringExpression, Trajectories


def test_captions_stand_by_ascending_id(make_video, gt, tmp_path: Path) -> None:
    write_semantics_text(make_video(), gt, tmp_path)
    assert (tmp_path / 'instance_captions.txt').read_text() == (
        'person0: A man: he waves.\nperson1:\nperson2: Ein Mädchen “läuft”.\n'
    )
    assert (tmp_path / 'video_caption.txt').read_text() == 'Two people and a dog.\n'
    spans = json.loads((tmp_path / 'semantic_trajectories.json').read_text())
    assert spans['fps'] == 8
    assert len(spans['trajectories']) == 3


def test_an_open_end_of_a_span_is_the_videos(make_video, gt, tmp_path: Path) -> None:
    gt.interactions = Interactions(
        [2, 3], [3, 2], ['push.v.01', 'talk.v.01'], [4, 0], [0, 2]
    )
    write_semantics_text(make_video(), gt, tmp_path)
    rows = json.loads((tmp_path / 'semantic_trajectories.json').read_text())
    assert [(r['start'], r['end']) for r in rows['trajectories']] == [(4, 7), (1, 2)]


def test_expressions_never_overwrite_each_other(make_video, gt, tmp_path: Path) -> None:
    sentences = ('a/b: who?', 'A b -- who', '???')
    gt.expressions = [ReferringExpression(s, {1: (2,)}) for s in sentences]
    write_semantics_text(make_video(), gt, tmp_path)
    files = {p.name: json.loads(p.read_text()) for p in tmp_path.glob('*/*.json')}
    assert {name: file['sentence'] for name, file in files.items()} == {
        'a-b-who.json': 'a/b: who?',
        'a-b-who-2.json': 'A b -- who',
        'words.json': '???',
    }


def test_words_about_nobody_are_an_error(make_video, gt, tmp_path: Path) -> None:
    video = make_video()
    captions = GroundTruth(gt.trajectories, {5: 'Who?'})
    with pytest.raises(ValueError, match='cooking/0001: captions name id 5, which'):
        write_semantics_text(video, captions, tmp_path)
    deeds = Interactions([2], [6], ['push.v.01'])
    with pytest.raises(ValueError, match='interactions name id 6'):
        write_semantics_text(video, GroundTruth(gt.trajectories, None, deeds), tmp_path)


def test_a_verb_with_a_comma_is_an_error(make_video, gt, tmp_path: Path) -> None:
    gt.interactions = Interactions([2], [3], ['push, pull'])
    with pytest.raises(ValueError, match="the verb 'push, pull' holds a comma"):
        write_semantics_text(make_video(), gt, tmp_path)


def test_numbers_are_short_and_no_box_vanishes(tmp_path: Path) -> None:
    boxes = np.array([[0.1 + 0.2, -0.0001, 10.3, 5.0], [7.0, 7.0, 7.0001, 8.12345]])
    write_gt_boxes(Trajectories([1, 2], [0, 0], boxes), tmp_path / 'gt' / 'gt.txt')
    assert (tmp_path / 'gt/gt.txt').read_text() == (
        '1,0,0.3,0,10,5,1,0,1\n2,0,7,7,0.001,1.123,1,0,1\n'
    )
