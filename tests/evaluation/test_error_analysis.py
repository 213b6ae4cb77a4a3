"""Errors of the worked example, by hand."""

from __future__ import annotations

import pytest

from mmsmot.evaluation.error_analysis import (
    NO_VERB,
    CaptionError,
    ErrorAnalysis,
    analyze_errors,
    caption_score_by_purity,
    verb_confusion,
    verb_error_scores,
)
from mmsmot.structures import Trajectories

from .smot_samples import perfect, sample, trajectories, worked_example

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')


@pytest.fixture(scope='module')
def errors() -> ErrorAnalysis:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('shutil.which', lambda *args, **kwargs: None)
        return analyze_errors(
            [worked_example(), perfect('road', 'A cat jumps up high.')]
        )


def test_the_worst_tracks_come_first(errors: ErrorAnalysis) -> None:
    worst, *others = errors.tracks
    assert (worst.video, worst.gt_id, worst.pred_id) == ('video', 3, -1)
    assert (worst.iou, worst.completeness, worst.fragments) == (0.0, 0.0, 0)
    assert [(t.gt_id, t.pred_id, t.iou) for t in others] == [
        (1, 11, 1.0),
        (2, 12, 1.0),
        (1, 1, 1.0),
    ]
    assert others[0].completeness == 1.0


def test_the_worst_captions_come_first(errors: ErrorAnalysis) -> None:
    missed, woman, *right = errors.captions
    assert (missed.gt_id, missed.said, missed.score, missed.purity) == (3, '', 0.0, 0.0)
    assert (woman.truth, woman.said, woman.purity) == (
        'A woman runs.',
        'a woman sits',
        1.0,
    )
    assert 0 < woman.score < right[0].score
    # CIDEr's four lengths of n-grams: three words have no 4-gram.
    assert right[-1].score == pytest.approx(1.0)


def test_the_worst_pairs_come_first(errors: ErrorAnalysis) -> None:
    result = [(p.gt_ids, p.right, p.missed, p.wrong) for p in errors.pairs]
    assert result == [
        ((3, 1), (), ('look.v.01',), ()),
        ((1, 2), ('follow.v.01',), (), ('look.v.01',)),
        ((2, 1), (), (), ('follow.v.01',)),
        ((-1, 1), (), (), ('look.v.01',)),
    ]
    assert errors.pairs[0].pred_ids == (-1, 11)


def test_confusion_of_verbs(errors: ErrorAnalysis) -> None:
    assert verb_confusion(errors.pairs) == {
        ('follow.v.01', 'follow.v.01'): 1,
        ('look.v.01', NO_VERB): 1,
        (NO_VERB, 'look.v.01'): 2,
        (NO_VERB, 'follow.v.01'): 1,
    }


def test_scores_of_each_verb(errors: ErrorAnalysis) -> None:
    scores = verb_error_scores(errors.pairs)
    assert scores['follow.v.01'] == pytest.approx(
        {'true': 1, 'P': 0.5, 'R': 1.0, 'F1': 2 / 3}
    )
    assert scores['look.v.01'] == {'true': 1, 'P': 0.0, 'R': 0.0, 'F1': 0.0}
    assert errors.summary(1)['verbs'] == scores


def test_score_against_purity() -> None:
    def caption(purity: float, score: float, pred_id: int = 1) -> CaptionError:
        return CaptionError('v', 1, pred_id, 'a', 'b', purity, score)

    result = caption_score_by_purity(
        [caption(0.55, 0.2), caption(0.65, 0.4), caption(1, 0.9), caption(0, 0, -1)]
    )
    assert result['bins'] == [
        {'from': 0.5, 'to': 0.7, 'captions': 2, 'score': pytest.approx(0.3)},
        {'from': 1.0, 'to': 1.0, 'captions': 1, 'score': 0.9},
    ]
    # Deviations from .7333 and .5: sums of products .17, squares .11167 and .26.
    assert result['correlation'] == pytest.approx(0.17 / (0.335 / 3 * 0.26) ** 0.5)
    assert caption_score_by_purity([])['correlation'] is None


def test_purity_of_a_track_that_changes_persons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)
    first, second = trajectories(i1=0.0), trajectories(i2=100.0)
    # One predicted track: three frames on the first person, one on the second.
    mixed = first[:3].concatenated(second[3:])
    mixed = Trajectories(mixed.frame_ids, [7] * 4, mixed.boxes)
    item = sample(
        gt_trajectories=first.concatenated(second),
        gt_captions={1: 'A man walks.', 2: 'A boy sits.'},
        pred_trajectories=mixed,
        pred_captions={7: 'a man walks'},
    )
    errors = analyze_errors([item])
    purity = {c.gt_id: (c.pred_id, c.purity) for c in errors.captions}
    assert purity == {1: (7, 0.75), 2: (-1, 0.0)}
    assert {t.gt_id: t.iou for t in errors.tracks} == {1: 0.75, 2: 0.25}


def test_a_video_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    late = sample(
        gt_trajectories=trajectories(i1=0.0), pred_trajectories=trajectories(9, i1=0.0)
    )
    with pytest.raises(ValueError, match='video: 5 predicted boxes lie on frames'):
        analyze_errors([late])


def test_a_number_of_errors_is_a_count() -> None:
    with pytest.raises(ValueError, match='top must be a whole number of 0 or more'):
        ErrorAnalysis([], [], []).summary(-1)
