"""Counts of labelled pairs, by hand and beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.evaluation.interactions import (
    PairVerbs,
    count_interaction_verbs,
    head_and_tail_scores,
    interaction_span_iou,
    interaction_threshold_curve,
    macro_interaction_scores,
    micro_interaction_scores,
    pair_subset_accuracy,
    scores_per_verb,
)

PAIRS = [
    PairVerbs({'follow', 'look'}, {'follow': 0.9, 'push': 0.4}),
    PairVerbs({'look'}, {'look': 0.39}),
    PairVerbs(set(), {'look': 0.8}),
    PairVerbs({'follow'}, {}),
]


def test_the_release_wants_a_score_above_the_threshold() -> None:
    at = [PairVerbs({'follow'}, {'follow': 0.4, 'look': 0.4, 'push': 0.41})]
    assert micro_interaction_scores(count_interaction_verbs(at))['P'] == pytest.approx(
        1 / 3
    )
    above = count_interaction_verbs(at, above=True)
    assert above.false_negatives.tolist() == [1, 0, 0]
    assert above.false_positives.tolist() == [0, 0, 1]
    right = [PairVerbs({'follow'}, {'follow': 0.5, 'look': 0.4})]
    assert pair_subset_accuracy(right) == 0.0
    assert pair_subset_accuracy(right, above=True) == 1.0


def test_span_iou_is_of_verbs_that_are_found() -> None:
    pairs = [
        PairVerbs(
            {'follow', 'look'}, {'follow': 0.9, 'look': 0.3}, {'follow': 0.5, 'look': 1}
        ),
        PairVerbs({'push'}, {'push': 0.4}, {'push': 0.25}),
    ]
    assert interaction_span_iou(pairs, 0.4) == 0.375
    assert interaction_span_iou(pairs, 0.5) == 0.5
    assert interaction_span_iou(PAIRS, 0.4) is None


def test_worked_by_hand() -> None:
    counts = count_interaction_verbs(PAIRS, 0.4)
    assert counts.verbs == ('follow', 'look', 'push')
    assert counts.true_positives.tolist() == [1, 0, 0]
    assert counts.false_positives.tolist() == [0, 1, 1]
    assert counts.false_negatives.tolist() == [1, 2, 0]
    assert micro_interaction_scores(counts) == pytest.approx(
        {'P': 1 / 3, 'R': 1 / 4, 'F1': 2 / 7}
    )
    follow = {'P': 1.0, 'R': 0.5, 'F1': 2 / 3, 'support': 2}
    nothing = {'P': 0.0, 'R': 0.0, 'F1': 0.0, 'support': 2}
    assert scores_per_verb(counts) == {'follow': pytest.approx(follow), 'look': nothing}
    assert macro_interaction_scores(counts)['F1'] == pytest.approx(1 / 3)
    assert pair_subset_accuracy(PAIRS) == 0.0
    assert pair_subset_accuracy(PAIRS[1:2], threshold=0.39) == 1.0


def test_head_is_four_fifths_of_all_labels() -> None:
    pairs = [PairVerbs({'look'}, {'look': 1.0})] * 8
    pairs += [PairVerbs({'push'}, {}), PairVerbs({'pull'}, {'wave': 1.0})]
    parts = head_and_tail_scores(count_interaction_verbs(pairs))
    assert parts['head'] == {'P': 1.0, 'R': 1.0, 'F1': 1.0, 'verbs': 1}
    assert parts['tail'] == {'P': 0.0, 'R': 0.0, 'F1': 0.0, 'verbs': 3}


@pytest.mark.parametrize(
    ('labels', 'head'),
    [
        # of all labels, the most frequent first: .7, .91
        ((70, 9, 21), 2),
        ((65, 15, 10, 10), 2),  # .65, .8: exactly enough
        ((65, 14, 11, 10), 3),  # .65, .79, .9
        ((81, 10, 9), 1),
        ((79, 11, 10), 2),
    ],
)
def test_where_the_head_ends(labels: tuple[int, ...], head: int) -> None:
    pairs = [
        PairVerbs({f'verb {i}'}, {}) for i, n in enumerate(labels) for _ in range(n)
    ]
    parts = head_and_tail_scores(count_interaction_verbs(pairs))
    assert parts['head']['verbs'] == head
    assert parts['tail']['verbs'] == len(labels) - head


def test_nothing_at_all_is_zero_not_an_error() -> None:
    assert (
        micro_interaction_scores(count_interaction_verbs([]))
        == macro_interaction_scores(count_interaction_verbs([]))
        == {'P': 0.0, 'R': 0.0, 'F1': 0.0}
    )
    assert pair_subset_accuracy([]) == 0.0
    assert head_and_tail_scores(count_interaction_verbs([]))['head']['verbs'] == 0


def test_recall_falls_with_the_threshold() -> None:
    curve = interaction_threshold_curve(PAIRS)
    np.testing.assert_allclose(curve['threshold'], np.linspace(0.05, 0.95, 19))
    assert (np.diff(curve['R']) <= 0).all()
    assert curve['R'][0] == 0.5
    assert curve['P'][-1] == 0.0


@given(st.integers(0, 2**32 - 1))
def test_equals_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip('sklearn.metrics')
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 12)), 5
    truth, scores = rng.random(shape) < 0.3, np.round(rng.random(shape), 2)
    names = np.array(['a', 'b', 'c', 'd', 'e'])
    pairs = [
        PairVerbs(set(names[t].tolist()), dict(zip(names.tolist(), s, strict=True)))
        for t, s in zip(truth, scores, strict=True)
    ]
    predicted = scores >= 0.4
    expected = metrics.precision_recall_fscore_support(
        truth, predicted, average='micro', zero_division=0
    )
    assert list(
        micro_interaction_scores(count_interaction_verbs(pairs)).values()
    ) == pytest.approx(expected[:3])
    seen = truth.any(axis=0)
    if seen.any():
        f1 = metrics.f1_score(truth, predicted, average=None, zero_division=0)
        assert macro_interaction_scores(count_interaction_verbs(pairs))[
            'F1'
        ] == pytest.approx(f1[seen].mean())
    accuracy = metrics.accuracy_score(truth, predicted)
    assert pair_subset_accuracy(pairs) == pytest.approx(accuracy)


def test_of_equally_frequent_verbs_the_first_by_name_is_the_head() -> None:
    """Four verbs, once each: 80 % are all of them; of five, four by name."""
    for names, head in (('abcd', 4), ('abcde', 4)):
        pairs = [PairVerbs({n}, {n: 1.0} if n == names[-1] else {}) for n in names]
        parts = head_and_tail_scores(count_interaction_verbs(pairs))
        assert parts['head']['verbs'] == head
        assert parts['head']['R'] == (0.25 if len(names) == 4 else 0.0)


def test_verbs_are_listed_by_frequency_and_then_by_name() -> None:
    names = [f'verb{n:02d}' for n in range(40)]
    pairs = [PairVerbs({name}, {}) for name in [*reversed(names), 'verb17']]
    assert list(scores_per_verb(count_interaction_verbs(pairs))) == [
        'verb17',
        *(n for n in names if n != 'verb17'),
    ]
