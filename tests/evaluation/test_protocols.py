"""The two protocols on one worked example."""

from __future__ import annotations

from mmsmot.evaluation.interactions import PairVerbs
from mmsmot.evaluation.protocols import compare_as_released, compare_strictly
from mmsmot.structures import Trajectories

from .smot_samples import sample, trajectories, worked_example


def test_strict_counts_who_is_missed_and_who_is_invented() -> None:
    found = compare_strictly(worked_example())
    assert found.captions == [
        ('A man walks.', 'a man walks'),
        ('A woman runs.', 'a woman sits'),
        ('A boy sits.', ''),
    ]
    assert found.ids == [(1, 11), (2, 12), (3, -1)]
    assert found.spurious == 2  # 14, nobody, and 15, the second on one man
    assert found.pairs == [
        PairVerbs({'follow.v.01'}, {'follow.v.01': 0.9, 'look.v.01': 0.5}),
        PairVerbs({'look.v.01'}, {}),
        PairVerbs(frozenset(), {'follow.v.01': 0.6}),
        PairVerbs(frozenset(), {'look.v.01': 0.7}),
        PairVerbs(frozenset(), {'look.v.01': 0.2}),
    ]
    assert found.video == ('Three people are in a park.', 'three people are in a park')


def test_release_looks_only_at_what_was_found() -> None:
    found = compare_as_released(worked_example())
    assert found.captions == [
        ('A man walks.', 'a man walks'),
        ('A woman runs.', 'a woman sits'),
        ('A man walks.', 'a man walks'),  # the double is praised a second time
    ]
    assert found.spurious == 0
    follow = {'follow.v.01'}
    assert found.pairs == [
        PairVerbs(follow, {'follow.v.01': 0.9, 'look.v.01': 0.5}),
        PairVerbs(follow, {}),  # the double says nothing of the woman
    ]


def test_release_lowers_predictions_alone() -> None:
    example = worked_example()
    example.pred_video_caption = 'Three People'
    assert compare_as_released(example).video == (
        'Three people are in a park.',
        'three people',
    )


def test_release_drops_truth_without_a_caption() -> None:
    example = worked_example()
    del example.gt_captions[1]
    found = compare_as_released(example)
    assert [true for true, _ in found.captions] == ['A woman runs.']
    assert found.pairs == []


def test_what_has_no_truth_is_not_judged() -> None:
    walk = trajectories(i1=0.0)
    found = compare_strictly(
        sample(gt_trajectories=walk, pred_trajectories=walk, pred_captions={1: 'a man'})
    )
    assert (found.captions, found.spurious, found.pairs) == ([], 0, [])
    assert found.video is None
    assert found.unjudged == ('captions', 'interactions', 'video_caption')


def test_nobody_found_and_nobody_there() -> None:
    walk, nobody = trajectories(i1=0.0), Trajectories.empty()
    missed = sample(
        gt_trajectories=walk, gt_captions={1: 'A man.'}, pred_trajectories=nobody
    )
    assert compare_strictly(missed).captions == [('A man.', '')]
    assert compare_as_released(missed).captions == []
    empty = sample(gt_trajectories=nobody, gt_captions={}, pred_trajectories=walk)
    assert compare_strictly(empty).captions == compare_as_released(empty).captions == []


def test_the_best_score_of_a_verb_over_its_spans_counts() -> None:
    example = worked_example()
    twice = example.pred_interactions
    late = type(twice)([11], [12], ['follow.v.01'], [3], [4], [0.95])
    example.pred_interactions = twice.concatenated(late)
    assert compare_strictly(example).pairs[0].scores['follow.v.01'] == 0.95
