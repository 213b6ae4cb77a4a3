"""Version 1 of ``result.json`` is read as a sample."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip('torch')

from mmsmot.structures import CoordinateSpace, sample_from_dict  # noqa: E402

OLD: dict[str, Any] = {
    'format': 'mmsmot result 1',
    'key': {'config': ''},
    'video': {
        'name': 'walk',
        'path': 'data/walk',
        'fps': 25.0,
        'width': 64,
        'height': 48,
        'num_frames': 3,
        'frame_ids': [1, 2, 4],
        'gt': 'data/walk/gt/gt.txt',
    },
    'speed': {'fps': 3.0, 'seconds': {}},
    'trajectories': [
        {
            'id': 7,
            'label': 2,
            'frame_ids': [1, 4],
            'boxes_xyxy': [[0.0, 1.0, 5.25, 9.0], [1.0, 1.0, 6.0, 9.0]],
            'scores': [0.5, 1.0],
            'caption': 'A man walks.',
        },
        {
            'id': 9,
            'label': 2,
            'frame_ids': [2],
            'boxes_xyxy': [[10.0, 1.0, 15.0, 9.0]],
            'scores': [0.25],
        },
    ],
    'video_caption': 'A street.',
    'interactions': [
        {
            'subject': 7,
            'verb': 'look.v.01',
            'object': 9,
            'score': 0.75,
            'start_frame': 2,
        }
    ],
}


def test_all_of_it_is_read() -> None:
    sample = sample_from_dict(copy.deepcopy(OLD))
    assert (sample.video.name, sample.video.fps) == ('walk', 25.0)
    assert sample.video.files == {'gt': 'data/walk/gt/gt.txt'}
    assert sample.frame_ids.tolist() == [1, 2, 4]
    tracks = sample.pred_trajectories
    assert tracks.frame_ids.tolist() == [1, 2, 4]
    assert tracks.ids.tolist() == [7, 9, 7]
    assert tracks.scores.tolist() == [0.5, 0.25, 1.0]
    np.testing.assert_array_equal(tracks.boxes[0], [0, 1, 5.25, 9])
    assert set(tracks.labels.tolist()) == {2}
    assert tracks.space == CoordinateSpace(width=64, height=48)
    assert sample.pred_captions == {7: 'A man walks.'}
    assert sample.pred_video_caption == 'A street.'
    verbs = sample.pred_interactions
    assert verbs.verbs.tolist() == ['look.v.01']
    assert (verbs.start_frames[0], verbs.end_frames[0]) == (2, 0)


def test_tracks_alone() -> None:
    old = copy.deepcopy(OLD)
    del old['interactions'], old['video_caption']
    old['trajectories'] = []
    old['video']['gt'] = None
    sample = sample_from_dict(old)
    assert len(sample.pred_trajectories) == 0
    assert 'pred_captions' not in sample
    assert sample.video.files == {}


@pytest.mark.parametrize('name', ['video', 'trajectories', 'video_caption'])
def test_a_part_that_is_missing_is_named(name: str) -> None:
    old = copy.deepcopy(OLD)
    del old[name]
    with pytest.raises(ValueError, match=f'not a whole result: KeyError .{name}'):
        sample_from_dict(old)


@pytest.mark.parametrize('value', [None, 3, [3], [{'id': 1}]])
def test_trajectories_of_another_kind(value: object) -> None:
    with pytest.raises(ValueError, match='not a whole result'):
        sample_from_dict({**copy.deepcopy(OLD), 'trajectories': value})
