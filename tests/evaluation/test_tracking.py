"""Tracking scores: small cases by hand, and what must not change them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.evaluation import (
    combine_tracking_sequences,
    evaluate_sequence,
    summarize_tracking,
)
from mmsmot.structures import CoordinateSpace, Trajectories

COLUMNS = [
    'HOTA',
    'AssA',
    'DetA',
    'LocA',
    'MOTA',
    'FN',
    'FP',
    'IDs',
    'IDR',
    'IDP',
    'IDF1',
]
HERE, THERE = [0, 0, 10, 20], [500, 500, 530, 560]


def trajectories(rows: list[tuple], **columns) -> Trajectories:
    """Rows of (frame, id, box)."""
    frame_ids, ids, boxes = zip(*rows, strict=True)
    return Trajectories(np.array(frame_ids), np.array(ids), np.array(boxes), **columns)


def scores(gt, pred, frame_ids, preprocessing='none') -> dict[str, float]:
    return summarize_tracking(evaluate_sequence(gt, pred, frame_ids, preprocessing))


def test_columns_are_the_papers():
    gt = trajectories([(1, 1, HERE)])
    assert list(scores(gt, gt, [1])) == COLUMNS


def test_one_identity_switch():
    gt = trajectories([(f, 1, HERE) for f in (1, 2, 3, 4)])
    pred = trajectories([(1, 5, HERE), (2, 5, HERE), (3, 6, HERE), (4, 6, HERE)])
    # Each match shares 2 of the 4 boxes of its true trajectory: AssA 2 / 4.
    assert scores(gt, pred, [1, 2, 3, 4]) == pytest.approx(
        {
            'HOTA': 100 * 0.5**0.5,
            'AssA': 50,
            'DetA': 100,
            'LocA': 100,
            'MOTA': 75,
            'FN': 0,
            'FP': 0,
            'IDs': 1,
            'IDR': 50,
            'IDP': 50,
            'IDF1': 50,
        }
    )


def test_one_false_positive():
    gt = trajectories([(1, 1, HERE), (2, 1, HERE)])
    pred = trajectories([(1, 1, HERE), (1, 2, THERE), (2, 1, HERE)])
    assert scores(gt, pred, [1, 2]) == pytest.approx(
        {
            'HOTA': 100 * (2 / 3) ** 0.5,
            'AssA': 100,
            'DetA': 200 / 3,
            'LocA': 100,
            'MOTA': 50,
            'FN': 0,
            'FP': 1,
            'IDs': 0,
            'IDR': 100,
            'IDP': 200 / 3,
            'IDF1': 80,
        }
    )


def test_one_miss_on_sparse_frame_numbers():
    gt = trajectories([(f, 1, HERE) for f in (5, 10, 15, 20)])
    pred = trajectories([(f, 9, HERE) for f in (5, 10, 20)])
    result = evaluate_sequence(gt, pred, [5, 10, 15, 20, 25])
    assert result['CLEAR']['CLR_Frames'] == 5
    assert result['CLEAR']['Frag'] == 0  # a miss in a frame without any prediction
    assert summarize_tracking(result) == pytest.approx(
        {
            'HOTA': 75,  # DetA 3 / 4, AssA 3 / 4
            'AssA': 75,
            'DetA': 75,
            'LocA': 100,
            'MOTA': 75,
            'FN': 1,
            'FP': 0,
            'IDs': 0,
            'IDR': 75,
            'IDP': 100,
            'IDF1': 600 / 7,
        }
    )


def test_a_loose_box():
    """IoU .62 matches at 12 of the 19 thresholds; LocA is 1 where nothing matches."""
    gt = trajectories([(1, 1, [0, 0, 10, 10])])
    pred = trajectories([(1, 1, [0, 0, 10, 6.2])])
    row = scores(gt, pred, [1])
    assert row['HOTA'] == pytest.approx(100 * 12 / 19)
    assert row['LocA'] == pytest.approx(100 * (12 * 0.62 + 7) / 19)
    assert row['MOTA'] == row['IDF1'] == 100


@pytest.mark.parametrize(
    ('preprocessing', 'counts'),
    [
        ('mot17', dict(CLR_TP=1, CLR_FN=1, CLR_FP=1)),
        ('auto', dict(CLR_TP=1, CLR_FN=1, CLR_FP=1)),
        ('mot15', dict(CLR_TP=2, CLR_FN=1, CLR_FP=1)),
    ],
)
def test_distractors_and_flags(preprocessing, counts):
    """A pedestrian seen and one missed, a distractor seen, a box not considered seen."""
    places = [[100 * i, 0, 100 * i + 40, 90] for i in range(4)]
    gt = trajectories(
        [(1, i, places[i]) for i in range(4)],
        labels=np.array([1, 1, 8, 1]),
        scores=np.array([1, 1, 1, 0]),
    )
    pred = trajectories([(1, i, places[i]) for i in (0, 2, 3)])
    clear = evaluate_sequence(gt, pred, [1], preprocessing)['CLEAR']
    assert {key: clear[key] for key in counts} == counts


EMPTY = Trajectories.empty()
ONE = trajectories([(1, 1, HERE)])


@pytest.mark.parametrize(
    ('gt', 'pred', 'frame_ids', 'expected'),
    [
        (ONE, ONE, [1], [100, 100, 100, 100, 100, 0, 0, 0, 100, 100, 100]),
        (ONE, EMPTY, [1], [0, 0, 0, 100, 0, 1, 0, 0, 0, 0, 0]),
        (EMPTY, ONE, [1], [0, 0, 0, 100, 0, 0, 1, 0, 0, 0, 0]),
        (EMPTY, EMPTY, [1, 2], [0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]),
        (EMPTY, EMPTY, [], [0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_no_boxes(gt, pred, frame_ids, expected):
    result = evaluate_sequence(gt, pred, frame_ids)
    assert list(summarize_tracking(result).values()) == expected
    combined = summarize_tracking(combine_tracking_sequences({'a': result}))
    counts = [combined[key] for key in ('FN', 'FP', 'IDs')]
    assert counts == expected[5:8]
    assert np.isfinite(list(combined.values())).all()


def test_false_positives_without_any_truth_count_when_combined():
    nothing_there = evaluate_sequence(EMPTY, ONE, [1])
    good = evaluate_sequence(ONE, ONE, [1])
    row = summarize_tracking(
        combine_tracking_sequences({'a': nothing_there, 'b': good})
    )
    assert (row['MOTA'], row['FP'], row['IDP']) == (0, 1, 50)
    assert row['DetA'] == 50


def test_an_empty_result_pulls_the_combined_row_down():
    good = evaluate_sequence(ONE, ONE, [1])
    none = evaluate_sequence(ONE, EMPTY, [1])
    row = summarize_tracking(combine_tracking_sequences({'a': good, 'b': none}))
    assert row['DetA'] == row['MOTA'] == 50
    assert row['AssA'] == row['IDP'] == 100
    assert row['IDF1'] == pytest.approx(200 / 3)


def test_nothing_to_combine():
    with pytest.raises(ValueError, match='no sequence'):
        combine_tracking_sequences({})


def test_predictions_numbered_by_position():
    gt = trajectories([(f, 1, HERE) for f in (5, 10, 15)])
    pred = trajectories([(f, 1, HERE) for f in (1, 2, 5)])
    with pytest.raises(ValueError, match=r'2 predicted boxes .* frame 1 .*original'):
        evaluate_sequence(gt, pred, [5, 10, 15])


def test_truth_on_other_frames_is_cut_and_logged(logged):
    gt = trajectories([(1, 1, HERE), (2, 1, HERE), (9, 1, HERE)])
    pred = trajectories([(1, 1, HERE), (2, 1, HERE)])
    assert scores(gt, pred, [1, 2])['MOTA'] == 100
    assert [m for m in logged if '1 of 3 true boxes' in m]


def test_spaces_must_agree():
    network = trajectories([(1, 1, HERE)], space=CoordinateSpace('network', 416, 416))
    with pytest.raises(ValueError, match='network pixels'):
        evaluate_sequence(ONE, network, [1])


def test_import_is_light():
    heavy = ('torch', 'scipy.optimize', 'trackeval', 'mmcv', 'mmdet', 'transformers')
    code = f'import sys, mmsmot.evaluation; print([m for m in {heavy} if m in sys.modules])'
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[]'


seeds = st.integers(0, 10**6)


@settings(max_examples=25)
@given(seed=seeds)
def test_truth_as_prediction_is_perfect(crowd, seed):
    gt, _ = crowd(seed)
    row = scores(gt, gt, range(1, 13))
    counts = dict(FN=0, FP=0, IDs=0)
    assert row == pytest.approx({**dict.fromkeys(COLUMNS, 100), **counts})


@settings(max_examples=25)
@given(seed=seeds)
def test_names_do_not_matter(crowd, assert_same_scores, seed):
    gt, pred = crowd(seed)
    rng = np.random.default_rng(seed)

    def renamed(tracks: Trajectories) -> Trajectories:
        names = rng.permutation(10 * int(tracks.ids.max() + 1))
        return Trajectories(tracks.frame_ids, names[tracks.ids], tracks.boxes)

    assert_same_scores(
        evaluate_sequence(renamed(gt), renamed(pred), range(1, 13)),
        evaluate_sequence(gt, pred, range(1, 13)),
    )


@settings(max_examples=25)
@given(seed=seeds)
def test_one_sequence_combined_is_itself(crowd, seed):
    result = evaluate_sequence(*crowd(seed), range(1, 13))
    one = combine_tracking_sequences({'a': result})
    assert summarize_tracking(one) == pytest.approx(
        summarize_tracking(result), rel=1e-12
    )


@settings(max_examples=25)
@given(seed=seeds, stride=st.integers(2, 5))
def test_frame_numbers_are_only_names(crowd, assert_same_scores, seed, stride):
    gt, pred = crowd(seed)

    def spread(tracks: Trajectories) -> Trajectories:
        return Trajectories(tracks.frame_ids * stride, tracks.ids, tracks.boxes)

    assert_same_scores(
        evaluate_sequence(spread(gt), spread(pred), np.arange(1, 13) * stride),
        evaluate_sequence(gt, pred, range(1, 13)),
    )
