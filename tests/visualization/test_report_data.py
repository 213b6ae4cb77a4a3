"""Tests of what a report's page is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mmsmot.structures import (
    CoordinateSpace,
    Interactions,
    MotionSpan,
    Prompt,
    Trajectories,
    VideoInfo,
)
from mmsmot.visualization.report_data import (
    report_data,
    report_frame_runs,
    report_frame_times,
)
from mmsmot.visualization.text_drawing import text_color_on
from mmsmot.visualization.track_drawer import track_color

from .report_page import FRAMES, make_sample

TIMES = np.arange(FRAMES) / 10


def told(sample, times=TIMES, threshold=0.4) -> dict:
    data = report_data(sample, times, {}, (), threshold)
    return json.loads(json.dumps(data, default=np.ndarray.tolist))


def test_runs() -> None:
    assert report_frame_runs([]) == []
    assert report_frame_runs([3]) == [[3, 3]]
    assert report_frame_runs([0, 1, 2, 5, 6, 9]) == [[0, 2], [5, 6], [9, 9]]
    assert report_frame_runs([0, 1, 4, 5, 9], smallest_hole=4) == [[0, 5], [9, 9]]


def test_frame_times() -> None:
    # The original; one that starts at frame 5; one of every third frame at a third.
    assert report_frame_times([1, 2, 51], 25).tolist() == pytest.approx([0, 0.04, 2])
    assert report_frame_times([5, 6], 10, start=5).tolist() == pytest.approx([0, 0.1])
    times = report_frame_times([5, 8, 11], 10, start=5, stride=3)
    assert times.tolist() == pytest.approx([0, 0.1, 0.2])
    with pytest.raises(
        ValueError, match='report_frame_times: .* must be a finite number above 0'
    ):
        report_frame_times([1], 0)


def test_boxes_stand_at_positions_not_at_frame_numbers() -> None:
    sample = make_sample()
    sample.set_metainfo(dict(frame_ids=np.array([2, 4, 9])))
    sample.pred_trajectories = Trajectories(
        [2, 9], [5, 5], [[1.04, 2, 3, 4.06], [1, 2, 3, 5]]
    )
    sample.pred_captions = {5: 'A man.', 8: 'Never seen.'}
    sample.pred_motions = {
        5: [MotionSpan(1, 4, 'walk', 'left'), MotionSpan(5, 8, 'stay')],
        8: [MotionSpan(4, 9, 'move', '', 'nearer')],
    }
    people = told(sample, np.array([0.5, 1.0, 2.0]))['sides']['pred']['people']
    assert [p['id'] for p in people] == [5, 8]
    assert people[0]['at'] == [0, 2]
    assert people[0]['runs'] == [[0, 0], [2, 2]]
    assert people[0]['boxes'] == [1.0, 2, 3, 4.1, 1, 2, 3, 5]
    assert people[1]['at'] == people[1]['runs'] == []
    assert people[0]['motions'] == [[0, 1, 'walk', 'left', '']]
    assert people[1]['motions'] == [[1, 2, 'move', '', 'nearer']]


def test_a_side_without_words_is_told_from_one_that_found_nothing() -> None:
    sample = make_sample()
    assert told(sample)['sides']['pred']['described']
    for name in ('captions', 'video_caption', 'interactions'):
        del sample[f'pred_{name}']
    assert not told(sample)['sides']['pred']['described']


def test_spans_of_interactions() -> None:
    sample = make_sample()
    sample.pred_interactions = Interactions(
        [1, 1, 2, 1, 1],
        [2, 2, 1, 2, 9],
        ['a', 'b', 'c', 'd', 'e'],
        [12, 0, 15, 0, 0],
        [15, 0, 0, 13, 0],
    )
    result = told(sample)['sides']['pred']['interactions']
    spans = {i['verb']: (i['spans'], i['known']) for i in result}
    assert spans == {
        'a': ([[11, 14]], True),
        'b': ([[10, 19]], False),  # the frames both have
        'c': ([[14, 19]], False),
        'd': ([[10, 12]], False),
        'e': ([], False),  # one of the two is never seen
    }
    # As they start, then as they end.
    assert [i['verb'] for i in result] == ['d', 'b', 'a', 'c', 'e']


def test_unsure_verbs_are_left_out() -> None:
    verbs = [i['verb'] for i in told(make_sample())['sides']['pred']['interactions']]
    assert sorted(verbs) == ['follow.v.01', 'wave.v.02']
    assert len(told(make_sample(), threshold=0)['sides']['pred']['interactions']) == 3


def test_truth_is_matched() -> None:
    sides = told(make_sample(truth=True))['sides']
    walker, invented = sides['pred']['people']
    assert (walker['other'], walker['other_caption']) == (1, 'A boy runs.')
    assert (invented['other'], invented['other_caption']) == (None, '')
    result, missed = sides['gt']['people']
    assert (result['other'], result['color']) == (1, walker['color'])
    assert (missed['id'], missed['other'], missed['color']) == (7, None, '#9aa3ad')


def test_badges_have_the_ink_of_drawn_labels() -> None:
    sample = make_sample()
    ids = np.arange(1, 40)
    boxes = [[0, 0, 9, 9]] * len(ids)
    sample.pred_trajectories = Trajectories(np.ones(len(ids)), ids, boxes)
    people = told(sample)['sides']['pred']['people']
    inks = [
        '#000000' if text_color_on(track_color(i)) == (0, 0, 0) else '#ffffff'
        for i in ids
    ]
    assert [person['ink'] for person in people] == inks
    assert {*inks} == {'#000000', '#ffffff'}


def test_true_boxes_to_ignore_are_left_out() -> None:
    sample = make_sample()
    sample.gt_trajectories = Trajectories(
        [1, 1, 99], [3, 4, 3], [[0, 0, 9, 9]] * 3, scores=[1, 0, 1]
    )
    people = told(sample)['sides']['gt']['people']
    assert [(p['id'], p['at']) for p in people] == [(3, [0])]


def test_notes() -> None:
    sample = make_sample()
    assert told(sample)['notes'] == []
    uneven = np.cumsum(np.where(np.arange(FRAMES) % 4, 0.1, 0.2))
    (note,) = told(sample, uneven)['notes']
    assert 'rate varies (5.0 to 10.0 frames a second)' in note
    sample.set_metainfo(dict(frame_ids=np.arange(1, 3 * FRAMES, 3)))
    sample.pred_trajectories = sample.pred_trajectories[:0]
    (note,) = told(sample, TIMES)['notes']
    assert note.startswith('One frame in 3 was processed')


def test_holes_are_no_varying_rate() -> None:
    """A copy of just the frames there are runs evenly, whatever their numbers."""
    sample = make_sample()
    numbers = np.arange(1, FRAMES + 1)
    numbers[10:] += 5
    sample.set_metainfo(dict(frame_ids=numbers))
    sample.pred_trajectories = sample.pred_trajectories[:0]
    assert told(sample, TIMES)['notes'] == []
    assert told(sample, (numbers - 1) / 10)['notes'] == []


def test_bad_samples() -> None:
    sample = make_sample()
    boxes = [[0, 0, 9, 9]]
    sample.pred_trajectories = Trajectories([77], [1], boxes)
    with pytest.raises(
        ValueError, match='a box in frame 77, which is not in frame_ids'
    ):
        told(sample)
    sample.pred_trajectories = Trajectories(
        [1], [1], boxes, space=CoordinateSpace('network')
    )
    with pytest.raises(ValueError, match=r'network pixels .* Scale them first'):
        told(sample)
    for times in (TIMES[::-1], TIMES - 1, TIMES * np.nan):
        with pytest.raises(ValueError, match='a/street: times must be seconds'):
            told(make_sample(), times)
    sample.set_metainfo(dict(frame_ids=np.array([3, 3])))
    with pytest.raises(ValueError, match='must be ascending'):
        told(sample)


def test_one_frame_without_size() -> None:
    sample = make_sample()
    meta = dict(video=VideoInfo('v', 'x', 2.0), frame_ids=np.array([1]))
    sample.set_metainfo(meta)
    sample.pred_trajectories = sample.pred_trajectories[:1]
    data = told(sample, [0.0])
    assert (data['end'], data['width']) == (0.5, None)


@pytest.mark.parametrize('fps', [0.0, -1.0, np.nan, np.inf])
def test_a_rate_that_is_none(fps: float) -> None:
    sample = make_sample()
    sample.set_metainfo(dict(video=replace(sample.video, fps=fps)))
    times = np.arange(len(sample.frame_ids)) / 10
    with pytest.raises(
        ValueError, match='a/street: fps must be a finite number from 1e-06'
    ):
        report_data(sample, times, {}, (), 0.4)


def test_partners_that_are_not_tracked_are_nodes_of_their_own() -> None:
    sample = make_sample()
    track_id = int(sample.pred_trajectories.ids[0])
    sample.pred_interactions = Interactions(
        [track_id, -1, track_id],
        [-1, track_id, -1],
        ['hold.v.02', 'bite.v.01', 'see.v.01'],
        partner_labels=['cup', 'dog', ''],
    )
    times = report_frame_times(sample.frame_ids, sample.video.fps)
    side = report_data(sample, times, {}, (), 0.5)['sides']['pred']
    assert side['partners'] == {-1: 'not tracked', -2: 'cup', -3: 'dog'}
    ends = {
        row['verb']: (row['subject'], row['object']) for row in side['interactions']
    }
    assert ends == {
        'hold.v.02': (track_id, -2),
        'bite.v.01': (-3, track_id),
        'see.v.01': (track_id, -1),
    }
    assert all(row['spans'] for row in side['interactions'])  # while the track is there


def test_each_prompt_has_the_frames_in_which_it_means_somebody() -> None:
    sample = make_sample()
    assert told(sample)['targets'] == []
    table = sample.pred_trajectories
    sample.set_metainfo(dict(prompt=Prompt('a man')))
    at = np.flatnonzero(np.isin(sample.frame_ids, table.frame_ids))
    expected = dict(
        text="'a man'", runs=report_frame_runs(at), number=len(np.unique(table.ids))
    )
    assert told(sample)['targets'] == [expected]
    nobody = ('unicorns', table[:0])
    data = report_data(sample, TIMES, {}, (), 0.4, targets=[nobody])
    assert data['targets'] == [dict(text='unicorns', runs=[], number=0)]
