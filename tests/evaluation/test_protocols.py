"""The two protocols on one worked example."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmsmot.evaluation.interactions import PairVerbs
from mmsmot.evaluation.protocols import (
    compare_by_strict_protocol,
    compare_official,
    preprocess_by_protocol,
)
from mmsmot.structures import Interactions, SMOTDataSample, Trajectories

from .smot_samples import perfect, sample, trajectories, worked_example


def test_strict_counts_who_is_missed_and_who_is_invented() -> None:
    result = compare_by_strict_protocol(worked_example())
    assert result.captions == [
        ('A man walks.', 'a man walks'),
        ('A woman runs.', 'a woman sits'),
        ('A boy sits.', ''),
    ]
    assert result.ids == [(1, 11), (2, 12), (3, -1)]
    assert result.spurious == 2  # 14, nobody, and 15, the second on one man
    assert result.pairs == [
        PairVerbs({'follow.v.01'}, {'follow.v.01': 0.9, 'look.v.01': 0.5}),
        PairVerbs({'look.v.01'}, {}),
        PairVerbs(frozenset(), {'follow.v.01': 0.6}),
        PairVerbs(frozenset(), {'look.v.01': 0.7}),
        PairVerbs(frozenset(), {'look.v.01': 0.2}),
    ]
    assert result.video == ('Three people are in a park.', 'three people are in a park')


def test_spans_are_compared_frame_by_frame() -> None:
    example = worked_example()
    real, said = example.gt_interactions, example.pred_interactions
    example.gt_interactions = replace(
        real, start_frames=np.array([2, 0]), end_frames=np.array([4, 0])
    )
    first = np.where(said.scores == 0.9, 1, 0)
    example.pred_interactions = replace(said, start_frames=first, end_frames=first * 3)
    follow = compare_by_strict_protocol(example).pairs[0]
    assert follow.overlaps == {'follow.v.01': 0.5}  # 1 to 3 of 2 to 4
    example.pred_interactions = said  # without a span it holds all the time
    assert compare_by_strict_protocol(example).pairs[0].overlaps == {
        'follow.v.01': 0.75
    }
    assert compare_by_strict_protocol(worked_example()).pairs[0].overlaps == {}


def test_release_looks_only_at_what_was_found() -> None:
    result = compare_official(worked_example())
    assert result.captions == [
        ('A man walks.', 'a man walks'),
        ('A woman runs.', 'a woman sits'),
        ('A man walks.', 'a man walks'),  # the double is praised a second time
    ]
    assert result.spurious == 0
    assert result.ids == [(1, 11), (2, 12), (1, 15)]
    assert result.unjudged == ()
    follow = {'follow.v.01'}
    assert result.pairs == [
        PairVerbs(follow, {'follow.v.01': 0.9, 'look.v.01': 0.5}),
        PairVerbs(follow, {}),  # the double says nothing of the woman
    ]


def test_release_lowers_predictions_alone() -> None:
    example = worked_example()
    example.pred_video_caption = 'Three People'
    assert compare_by_strict_protocol(example).video[1] == 'Three People'
    assert compare_official(example).video == (
        'Three people are in a park.',
        'three people',
    )


def test_release_drops_truth_without_a_caption() -> None:
    example = worked_example()
    del example.gt_captions[1]
    result = compare_official(example)
    assert [true for true, _ in result.captions] == ['A woman runs.']
    assert result.pairs == []


def test_what_has_no_truth_is_not_judged() -> None:
    walk = trajectories(i1=0.0)
    result = compare_by_strict_protocol(
        sample(gt_trajectories=walk, pred_trajectories=walk, pred_captions={1: 'a man'})
    )
    assert (result.captions, result.spurious, result.pairs) == ([], 0, [])
    assert result.video is None
    assert result.unjudged == ('captions', 'interactions', 'video_caption')
    released = compare_official(sample(gt_trajectories=walk, pred_trajectories=walk))
    assert released.unjudged == result.unjudged


def test_nobody_found_and_nobody_there() -> None:
    walk, nobody = trajectories(i1=0.0), Trajectories.empty()
    missed = sample(
        gt_trajectories=walk, gt_captions={1: 'A man.'}, pred_trajectories=nobody
    )
    assert compare_by_strict_protocol(missed).captions == [('A man.', '')]
    assert compare_official(missed).captions == []
    empty = sample(gt_trajectories=nobody, gt_captions={}, pred_trajectories=walk)
    assert (
        compare_by_strict_protocol(empty).captions
        == compare_official(empty).captions
        == []
    )


def test_the_best_score_of_a_verb_over_its_spans_counts() -> None:
    example = worked_example()
    twice = example.pred_interactions
    late = type(twice)([11], [12], ['follow.v.01'], [3], [4], [0.95])
    example.pred_interactions = twice.concatenated(late)
    assert compare_by_strict_protocol(example).pairs[0].scores['follow.v.01'] == 0.95


def seen_in_part(why: str) -> SMOTDataSample:
    """Ten frames of truth of which four count; what is predicted there is perfect."""
    truth = trajectories(10, i1=0.0, i2=100.0)
    result = perfect('park', 'A man walks.', 'A woman runs.')  # four frames
    if why == 'not looked at':
        result.gt_trajectories = truth
    else:
        ignored = np.where(truth.frame_ids > 4, 0.0, 1.0)
        result.gt_trajectories = replace(truth, scores=ignored)
        result.set_metainfo({'frame_ids': np.arange(1, 11)})
    result.pred_trajectories = trajectories(4, i1=0.0, i2=100.0)
    return result


@pytest.mark.parametrize('why', ['not looked at', 'score 0'])
def test_truth_that_tracking_leaves_out_is_not_asked_for(why: str) -> None:
    example = seen_in_part(why)
    result = compare_by_strict_protocol(example)
    assert result.ids == [(1, 1), (2, 2)]
    assert result.spurious == 0
    assert result.pairs == [PairVerbs({'follow.v.01'}, {'follow.v.01': 1.0})]
    assert len(compare_official(example).captions) == 2
    assert len(example.gt_trajectories) == 20  # the sample itself stays whole


def test_words_of_those_who_never_come_into_sight_are_not_asked_for() -> None:
    example = seen_in_part('not looked at')
    late = Trajectories([7, 8], [3, 3], [[300.0, 0, 310, 20]] * 2)
    example.gt_trajectories = example.gt_trajectories.concatenated(late)
    example.gt_captions = {**example.gt_captions, 3: 'A boy sits.'}
    # 1 follows 2 in 2 to 9, of which 2 to 4 are seen; the others are never.
    example.gt_interactions = Interactions(
        [1, 3, 1, 2, 2, 1],
        [2, 1, 2, 1, 1, 2],
        ['follow.v.01', 'look.v.01', 'push.v.01', 'pull.v.01', 'hug.v.01', 'pat.v.01'],
        start_frames=[2, 1, 5, 0, 9, 4],
        end_frames=[9, 9, 9, 0, 0, 4],
    )
    cut = preprocess_by_protocol(example)
    assert set(cut.gt_captions) == {1, 2}
    assert cut.gt_interactions.verbs.tolist() == [
        'follow.v.01',
        'pull.v.01',
        'pat.v.01',
    ]
    assert [true for true, _ in compare_by_strict_protocol(example).captions] == [
        'A man walks.',
        'A woman runs.',
    ]


def test_a_prediction_on_truth_that_is_ignored_is_spurious() -> None:
    both = trajectories(i1=0.0, i2=50.0)
    example = sample(
        gt_trajectories=replace(both, scores=(both.ids == 1).astype(float)),
        gt_captions={1: 'A man.', 2: 'A boy.'},
        pred_trajectories=both,
        pred_captions={1: 'a man', 2: 'a boy'},
    )
    result = compare_by_strict_protocol(example)
    assert (result.ids, result.spurious) == ([(1, 1)], 1)


def test_strict_matches_from_a_mean_iou_of_one_half_on() -> None:
    """Of a box 20 high: 10 of it are half, 9.9 are not."""
    for height, pred_id in ((10.0, 7), (9.9, -1)):
        low = trajectories(i7=0.0)
        boxes = low.boxes - [0, 0, 0, 20 - height]
        example = sample(
            gt_trajectories=trajectories(i1=0.0),
            gt_captions={1: 'A man walks.'},
            pred_trajectories=replace(low, boxes=boxes),
            pred_captions={7: 'a man walks'},
        )
        result = compare_by_strict_protocol(example)
        assert result.ids == [(1, pred_id)]
        assert result.spurious == (pred_id == -1)
        assert compare_by_strict_protocol(example, min_iou=0.4).ids == [(1, 7)]
