"""The measures: numbers by hand, parity with trackeval, and the released bugs by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from trackeval.metrics import TrackMAP

from mmsmot.structures import Interactions, Prompt, Trajectories
from projects.semtracker.datasets.relation_tracks import (
    AnnotatedCategories,
    RelationTracks,
)
from projects.semtracker.evaluation.clear_tr import clear_tr
from projects.semtracker.evaluation.interaction_f1 import f1_scores, frame_counts
from projects.semtracker.evaluation.relation_match import relation_is_positive
from projects.semtracker.evaluation.semantic_tracking_metric import (
    SemanticTrackingMetric,
)
from projects.semtracker.evaluation.st_map import st_map
from projects.semtracker.evaluation.target_success import false_alarms, target_success
from projects.semtracker.evaluation.trajectory_accuracy import matched_events

BOX = np.array([0.0, 0.0, 10.0, 10.0])


def track(
    track_id: int,
    frames: range,
    relation: int | list[int] = 3,
    offset: float = 0.0,
    score: float = 1.0,
    main: bool = True,
    role: str = 'subject',
) -> RelationTracks:
    count = len(frames)
    relations = np.broadcast_to(np.reshape(relation, (-1, 1)), (count, 1))
    wrong_relations = relations + 100  # of the role that does not take part
    sides = (
        (relations, wrong_relations)
        if role == 'subject'
        else (wrong_relations, relations)
    )
    return RelationTracks(
        np.array(frames),
        np.full(count, track_id),
        np.tile(BOX, (count, 1)) + offset,
        np.zeros(count, int),
        np.full(count, main),
        *sides,
        np.full(count, score),
    )


def joined(*tracks: RelationTracks) -> RelationTracks:
    columns = zip(*(vars(t).values() for t in tracks), strict=True)
    return RelationTracks(*(np.concatenate(c) for c in columns))


def test_without_relations_it_is_trackmap() -> None:
    """Three sequences with shifted, broken and false tracks; the gate always open."""
    rng = np.random.default_rng(0)
    sequences = []
    for _ in range(3):
        gt = joined(*(track(i, range(1, 21), offset=30.0 * i) for i in (1, 2, 3)))
        parts = []
        for i in range(1, 6):
            start = int(rng.integers(1, 8))
            offset = 30.0 * i + rng.uniform(-3, 3)
            score = float(rng.random())
            parts.append(track(i, range(start, 21), offset=offset, score=score))
        sequences.append((gt, joined(*parts)))
    metric = TrackMAP(
        dict(
            USE_AREA_RANGES=False,
            USE_TIME_RANGES=False,
            IOU_THRESHOLDS=np.arange(0.05, 0.99, 0.05),
            PRINT_CONFIG=False,
        )
    )
    results = {}
    for number, (gt, dt) in enumerate(sequences):
        data = dict(
            not_exhaustively_labeled=False, iou_type='bbox', boxformat='x0y0x1y1'
        )
        for side, table in (('gt', gt), ('dt', dt)):
            ids, order = np.unique(table.ids), None
            scores = np.array([table.scores[table.ids == i].mean() for i in ids])
            order = np.argsort(-scores, kind='mergesort') if side == 'dt' else range(3)
            data[f'{side}_track_ids'] = [int(ids[k]) for k in order]
            data[f'{side}_tracks'] = [
                dict(
                    zip(
                        table.frame_ids[table.ids == ids[k]].tolist(),
                        table.boxes[table.ids == ids[k]],
                        strict=True,
                    )
                )
                for k in order
            ]
            if side == 'dt':
                data['dt_track_scores'] = scores[order]
        results[str(number)] = metric.eval_sequence(data)
    expected = metric.combine_sequences(results)
    map_scores = st_map(sequences, relation_rate=0.0)
    np.testing.assert_allclose(map_scores['TI_AP_all'], expected['AP_all'], atol=1e-12)
    np.testing.assert_allclose(map_scores['TI_AR_all'], expected['AR_all'], atol=1e-12)


def test_the_gate_wants_seven_tenths_of_the_union() -> None:
    gt = track(1, range(1, 11))
    for wrong, expected in ((3, 1.0), (4, 0.0)):
        relation = [9] * wrong + [3] * (10 - wrong)
        scores = st_map([(gt, track(7, range(1, 11), relation))])
        np.testing.assert_allclose(scores['TI_AP_all'], expected)
    # Four more frames without truth: 10 of 14 are right, 3D IoU 10 / 14.
    late = track(7, range(1, 15))
    iou = st_map([(gt, late)])['TI_AP_all']
    assert iou.tolist() == [1.0] * 14 + [0.0] * 5
    late = track(7, range(1, 16))  # 10 of 15
    assert st_map([(gt, late)])['TI_AP_all'].max() == 0


def test_roles_may_be_swapped_between_target_and_other() -> None:
    gt = track(1, range(1, 2))
    target_as_subject = track(1, range(1, 2))
    partner_as_object = track(1, range(1, 2), main=False, role='object')
    partner_as_subject = track(1, range(1, 2), main=False)
    object_only = track(1, range(1, 2), role='object')
    verdicts = [
        relation_is_positive(gt, d)[0]
        for d in (target_as_subject, partner_as_object, partner_as_subject, object_only)
    ]
    assert verdicts[0] and verdicts[1] and not verdicts[2]
    assert not verdicts[3]


@pytest.mark.parametrize(
    ('gt_classes', 'dt_classes', 'fixed', 'released'),
    [
        ((3, -1), (3, -1), True, True),
        ((3, -1), (9, -1), False, True),  # none is told of none
        ((-1, -1), (-1, -1), True, True),
        ((-1, -1), (9, -1), False, True),
        ((3, 4), (9, 4), True, True),  # one of the two is enough
    ],
)
def test_telling_nothing_of_nothing(
    gt_classes: tuple, dt_classes: tuple, fixed: bool, released: bool
) -> None:
    pair = []
    for classes in (gt_classes, dt_classes):
        table = track(1, range(1, 2))
        table = replace(
            table,
            subject_relations=np.array([[classes[0]]]),
            object_relations=np.array([[classes[1]]]),
        )
        pair.append(table)
    verdicts = [relation_is_positive(*pair, mode)[0] for mode in ('fixed', 'released')]
    assert verdicts == [fixed, released]


def test_released_gate_after_loop_judges_the_last_prediction_alone() -> None:
    gt = joined(track(1, range(1, 11)), track(2, range(1, 11), offset=50))
    wrong_first = joined(
        track(1, range(1, 11), relation=9, score=0.9),
        track(2, range(1, 11), offset=50, score=0.5),
    )
    fixed, released = (st_map([(gt, wrong_first)], m) for m in ('fixed', 'released'))
    # Fixed: the surer one is false, so that precision is 1/2 at recall up to 1/2.
    np.testing.assert_allclose(fixed['TI_AR_all'], 0.5)
    np.testing.assert_allclose(fixed['TI_AP_all'], 0.5 * 51 / 101)
    np.testing.assert_allclose(released['TI_AP_all'], 1.0)


def test_released_gate_hits_the_innocent_last_one() -> None:
    """The counts of the last match outlive it: an unmatched last one hides the rest."""
    gt = track(1, range(1, 11))
    dt = joined(
        track(1, range(1, 11), relation=9, score=0.9),
        track(2, range(1, 11), offset=500, score=0.5),
    )
    assert st_map([(gt, dt)], 'fixed')['TI_AP_all'].max() == 0
    np.testing.assert_allclose(st_map([(gt, dt)], 'released')['TI_AP_all'], 1.0)


def test_released_relations_are_not_sorted_with_the_scores() -> None:
    """The less sure track stands first in the file: its classes are taken for the other's."""
    gt = joined(track(1, range(1, 11)), track(2, range(1, 11), 5, offset=50))
    dt = joined(
        track(1, range(1, 11), score=0.5),
        track(2, range(1, 11), 5, offset=50, score=0.9),
    )
    np.testing.assert_allclose(st_map([(gt, dt)], 'fixed')['TI_AP_all'], 1.0)
    released = st_map([(gt, dt)], 'released')
    np.testing.assert_allclose(released['TI_AR_all'], 0.5)


def test_mti_needs_box_and_interaction() -> None:
    gt = track(1, range(1, 11))
    for missing, wrong, expected in ((0, 2, 1), (1, 0, 1), (2, 0, 0), (0, 3, 0)):
        relation = [9] * wrong + [3] * (10 - missing - wrong)
        dt = track(4, range(1, 11 - missing), relation)
        assert clear_tr([(gt, dt)]) == {'MTI': expected, 'MTIR': float(expected)}
    assert np.isnan(clear_tr([])['MTIR'])


def test_released_clear_tr_operator_precedence() -> None:
    """The target's class as object, told as another's as subject: a swapped match."""
    gt = track(1, range(1, 11), role='object')
    gt = replace(gt, subject_relations=np.full((10, 1), 8))
    dt = track(4, range(1, 11), main=False)
    assert clear_tr([(gt, dt)], 'fixed')['MTI'] == 1
    # "gt_obj in dt_sub" stands behind an "and" that is never true there.
    assert clear_tr([(gt, dt)], 'released')['MTI'] == 0
    gt, dt = track(1, range(1, 11)), track(4, range(1, 11), main=False, role='object')
    assert clear_tr([(gt, dt)], 'released')['MTI'] == 1  # the other half is alive


def test_success_of_a_box_that_is_half_as_wide() -> None:
    frames = np.arange(1, 11)
    gt = Trajectories(frames, frames * 0 + 1, np.tile(BOX, (10, 1)))
    narrow_boxes = Trajectories(frames, frames * 0 + 1, np.tile([0, 0, 5, 10], (10, 1)))
    score = target_success(gt, narrow_boxes, frames, named_frame=1)
    assert score.success == pytest.approx(10 / 21)  # above 0, .05, ..., .45
    assert score.precision == 1.0
    # The centre is off by a quarter of the width.
    assert score.normalised_precision == pytest.approx(26 / 51)
    assert np.isnan(false_alarms([score]))
    early_gt = gt[gt.frame_ids <= 5]
    score = target_success(early_gt, gt, frames)
    assert score.success == pytest.approx(20 / 21) and false_alarms([score]) == 1.0
    empty_score = target_success(gt, Trajectories.empty(), frames)
    assert empty_score.success == 0 and empty_score.precision == 0


def test_f1_by_group_and_unknown_verbs() -> None:
    gt = np.array([[1, 0], [1, 0], [2, 0], [-1, 0]])
    pred = np.array([[1, 0], [2, 0], [2, 0], [3, 2]])
    counts = frame_counts(gt, pred, 3)
    assert counts.tolist() == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    scores = f1_scores(counts, 'abc', dict(a='head', b='tail', c='tail'))
    assert scores['f1_micro'] == pytest.approx(4 / 7)
    assert scores['f1_head'] == pytest.approx(2 / 3)
    assert scores['f1_tail'] == pytest.approx(1 / 2)  # c is not in the truth
    assert scores['f1_macro'] == pytest.approx(7 / 12)


def events(*rows: tuple) -> Interactions:
    return Interactions(
        *map(np.array, zip(*((*r[:5], 1.0, r[5]) for r in rows), strict=True))
    )


def test_events_need_verb_role_partner_and_span() -> None:
    gt = events((1, -1, 'push', 1, 10, 'man'), (-1, 1, 'push', 20, 29, 'boy'))
    pred = events(
        (1, -1, 'push', 1, 8, 'man'),  # IoU .8
        (-1, 1, 'push', 20, 29, 'girl'),  # partner wrong
        (1, -1, 'push', 20, 29, 'boy'),  # role wrong
    )
    boxes = still_boxes(30)
    scores = matched_events(gt, pred, boxes, boxes).scores()
    assert scores['trajectory_accuracy'] == pytest.approx(1 / 4)
    assert scores['trajectory_accuracy_verb'] == pytest.approx(2 / 3)
    assert scores['event_recall'] == 0.5 and scores['span_iou'] == pytest.approx(0.8)
    late = events((1, -1, 'push', 6, 20, 'man'))
    assert matched_events(gt, late, boxes, boxes).matched == 0


@pytest.mark.parametrize(
    ('frames_off', 'expected'),
    [([], 1), ([1, 2, 3, 4, 5], 1), ([1, 2, 3, 4, 5, 6], 0), ([*range(1, 11)], 0)],
)
def test_an_event_along_boxes_of_somebody_else_is_not_the_targets(
    frames_off: list[int], expected: int
) -> None:
    """The spans share ten frames; half of the boxes must be on the target."""
    table = events((1, -1, 'push', 1, 10, 'man'))
    gt, pred = still_boxes(10), still_boxes(10)
    pred.boxes[np.isin(pred.frame_ids, frames_off)] += 100
    assert matched_events(table, table, gt, pred).matched == expected
    missing = pred[~np.isin(pred.frame_ids, frames_off)]
    assert matched_events(table, table, gt, missing).matched == expected
    # Boxes of another track are not the event's.
    stranger = replace(pred, ids=pred.ids + 1)
    assert matched_events(table, table, gt, stranger).matched == 0
    # Frames in which the target has no box judge nothing.
    end_boxes = gt[np.isin(gt.frame_ids, [1, 10])]
    both_seen = not {1, 10} <= {*frames_off}
    assert matched_events(table, table, end_boxes, pred).matched == both_seen


def still_boxes(count: int) -> Trajectories:
    """Track 1 in frames from 1 on."""
    frames = np.arange(1, count + 1)
    return Trajectories(frames, frames * 0 + 1, np.tile(BOX, (count, 1)))


def swapped_roles(table: Interactions) -> Interactions:
    """The same events with subject and object exchanged: a control of the measures."""
    sides = dict(subject_ids=table.object_ids, object_ids=table.subject_ids)
    return replace(table, **sides)


def sample(pred_events: Interactions | None) -> dict:
    frames = np.arange(1, 11)
    boxes = Trajectories(frames, frames * 0 + 5, np.tile(BOX, (10, 1)))
    pred = (
        boxes
        if pred_events is None
        else Trajectories(frames, frames * 0 + 1, np.tile(BOX, (10, 1)))
    )
    gt = events((5, -1, 'give.v.03', 1, 5, 'man'), (-1, 5, 'push.v.01', 6, 10, 'man'))
    content = dict(
        gt_trajectories=boxes,
        gt_interactions=gt,
        pred_trajectories=pred,
        frame_ids=frames,
    )
    return (
        content
        if pred_events is None
        else content | dict(pred_interactions=pred_events)
    )


def test_the_truth_is_perfect_and_its_roles_swapped_are_not() -> None:
    truth = events(
        (1, -1, 'give.v.03', 1, 5, 'man'), (-1, 1, 'push.v.01', 6, 10, 'man')
    )
    groups = dict(head=['give.v.03'], tail=['push.v.01'])
    scores = {}
    for name, table in (('truth', truth), ('swapped', swapped_roles(truth))):
        metric = SemanticTrackingMetric(groups=groups)
        metric.process(None, [sample(table)])
        scores[name] = metric.compute_metrics(metric.results)
    perfect_names = (
        'st_map',
        'track_map',
        'MTIR',
        'f1_micro',
        'f1_macro',
        'f1_head',
        'f1_tail',
        'trajectory_accuracy',
        'span_iou',
    )
    assert [scores['truth'][name] for name in perfect_names] == [1.0] * len(
        perfect_names
    )
    assert scores['truth']['success'] == pytest.approx(20 / 21)
    assert scores['swapped']['track_map'] == 1.0
    zero_names = ('st_map', 'MTIR', 'f1_micro', 'trajectory_accuracy')
    assert [scores['swapped'][name] for name in zero_names] == [0.0] * len(zero_names)


def test_what_was_not_predicted_has_no_score() -> None:
    metric = SemanticTrackingMetric()
    metric.process(None, [sample(None)])
    scores = metric.compute_metrics(metric.results)
    boxes_alone = ('success', 'precision', 'normalised_precision')
    assert {*scores} == {*boxes_alone, 'false_alarms', 'absent_frames'}
    with pytest.raises(ValueError, match='mode must be one of'):
        SemanticTrackingMetric(mode='official')
    with pytest.raises(ValueError, match="groups has 'fly'"):
        SemanticTrackingMetric(groups=dict(head=['fly']))


def test_a_category_that_a_sequence_lacks_does_not_end_the_measure() -> None:
    """Predictions of a category without truth in their sequence are false, not a crash."""
    frames = range(1, 11)
    person, dog = track(1, frames), replace(track(2, frames), labels=np.ones(10, int))
    sequences = [(person, joined(person, dog)), (dog, dog)]
    scores = st_map(sequences)
    # Category 0 is perfect; of category 1 a false track is as sure as the true one.
    np.testing.assert_allclose(scores['TI_AR_all'], 1.0)
    np.testing.assert_allclose(scores['TI_AP_all'], (1 + 0.5) / 2)
    no_rows = person[np.zeros(10, bool)]
    np.testing.assert_allclose(
        st_map([(no_rows, person), (person, person)])['TI_AP_all'], 0.5
    )


def test_released_relations_stand_in_the_order_of_the_file() -> None:
    """Track 2 is the surer one and stands first: nothing is unsorted."""
    gt = joined(track(1, range(1, 11)), track(2, range(1, 11), 5, offset=50))
    dt = joined(
        track(2, range(1, 11), 5, offset=50, score=0.9),
        track(1, range(1, 11), score=0.5),
    )
    np.testing.assert_allclose(st_map([(gt, dt)], 'released')['TI_AR_all'], 1.0)


def test_released_clear_tr_judges_each_category_apart() -> None:
    frames = range(1, 11)
    dog = replace(track(2, frames, 5, offset=50, main=False), labels=np.ones(10, int))
    gt, dt = joined(track(1, frames), dog), joined(track(1, frames, 9), dog)
    for mode in ('fixed', 'released'):
        assert clear_tr([(gt, dt)], mode) == {'MTI': 1.0, 'MTIR': 0.5}


def test_an_unknown_verb_is_not_told_by_silence() -> None:
    """Half of the frames have a verb that is not in the vocabulary: they judge nothing."""
    frames = np.arange(1, 11)
    boxes = Trajectories(frames, frames * 0 + 1, np.tile(BOX, (10, 1)))
    unknown = (1, -1, 'fly.v.01', 1, 5, 'man')
    gt = RelationTracks.of_target(
        boxes, events(unknown, (1, -1, 'push.v.01', 6, 10, 'man')), ('push.v.01',)
    )
    assert gt.subject_relations[:, 0].tolist() == [-2] * 5 + [0] * 5
    for start, expected in ((6, 1.0), (9, 0.0)):  # 5 or 2 of the 5 known frames
        dt = RelationTracks.of_target(
            boxes, events((1, -1, 'push.v.01', start, 10, 'man')), ('push.v.01',)
        )
        np.testing.assert_allclose(st_map([(gt, dt)])['TI_AP_all'], expected)
        assert clear_tr([(gt, dt)])['MTIR'] == expected


def test_verbs_told_beyond_the_truth_are_false_alarms() -> None:
    content = sample(events((1, -1, 'give.v.03', 1, 5, 'man')))
    frames = np.arange(1, 21)
    content['frame_ids'] = frames
    content['pred_trajectories'] = Trajectories(
        frames, frames * 0 + 1, np.tile(BOX, (20, 1))
    )
    pred = events(
        (1, -1, 'give.v.03', 1, 5, 'man'), (1, -1, 'push.v.01', 11, 20, 'man')
    )
    f1, swapped_f1 = [], []
    for table in (pred[:1], pred):
        metric = SemanticTrackingMetric()
        metric.process(None, [content | dict(pred_interactions=table)])
        scores = metric.compute_metrics(metric.results)
        f1.append(scores['f1_micro'])
        swapped_f1.append(scores['f1_micro_roles_swapped'])
    # 5 hits and 5 missed (push as object); then 10 false alarms more.
    assert f1 == [pytest.approx(10 / 15), pytest.approx(10 / 25)]
    assert swapped_f1 == [0.0, 0.0]  # give and push are told in the wrong roles


def test_taos_federated_rule() -> None:
    """Category 1 is not annotated in the first sequence: nothing there is false."""
    frames = range(1, 11)
    person = track(1, frames)
    dog = replace(track(2, frames, offset=500, score=2.0), labels=np.ones(10, int))
    sequences = [
        (person, joined(person, dog)),
        (replace(dog, scores=person.scores),) * 2,
    ]
    for annotated, expected in (
        (AnnotatedCategories(), 1.0),
        (AnnotatedCategories(negative={1}), 0.75),
        (AnnotatedCategories(negative={1}, not_exhaustive={1}), 1.0),
    ):
        coverage = [annotated, AnnotatedCategories()]
        for mode in ('fixed', 'released'):
            scores = st_map(sequences, mode, coverage=coverage)
            np.testing.assert_allclose(scores['TI_AP_all'], expected)


def test_silence_is_a_floor() -> None:
    """Nothing happens in 8 of 10 frames: who tells nothing is right in .8 of them."""
    content = sample(events((1, -1, 'give.v.03', 1, 10, 'man')))
    content['gt_interactions'] = events((5, -1, 'give.v.03', 1, 2, 'man'))
    metric = SemanticTrackingMetric()
    metric.process(None, [content])
    scores = metric.compute_metrics(metric.results)
    assert scores['st_map'] == scores['MTIR'] == 0.0  # tells of giving all the time
    assert scores['st_map_silent'] == scores['MTIR_silent'] == 1.0
    content['gt_interactions'] = events((5, -1, 'give.v.03', 1, 4, 'man'))
    metric = SemanticTrackingMetric()
    metric.process(None, [content])
    scores = metric.compute_metrics(metric.results)
    assert scores['st_map_silent'] == scores['MTIR_silent'] == 0.0


def test_false_alarms_are_of_all_frames_without_a_target() -> None:
    """One target is gone for a frame, which has a box; another for nine, which have none."""
    metric = SemanticTrackingMetric()
    full = sample(None)
    boxes = full['gt_trajectories']
    gone_late = full | dict(gt_trajectories=boxes[boxes.frame_ids < 10])
    gone_early = full | dict(
        gt_trajectories=boxes[boxes.frame_ids < 2],
        pred_trajectories=boxes[boxes.frame_ids < 2],
    )
    metric.process(None, [full, gone_late, gone_early])
    scores = metric.compute_metrics(metric.results)
    assert scores['false_alarms'] == pytest.approx(1 / 10)
    assert scores['absent_frames'] == 10


def test_the_named_frame_counts_for_no_measure() -> None:
    """Box and event are right in the named frame alone, the first of two or of ten."""
    truth = events((1, -1, 'give.v.03', 1, 2, 'man'))
    prompt = Prompt(boxes={1: tuple(BOX)})
    scores = []
    for frames in (np.array([1, 2]), np.arange(1, 11)):
        content = sample(truth) | dict(prompt=prompt, frame_ids=frames)
        content['gt_interactions'] = events((5, -1, 'give.v.03', 1, 2, 'man'))
        content['gt_trajectories'] = content['gt_trajectories'][frames - 1]
        pred = content['pred_trajectories'][frames - 1]
        pred.boxes[1:] += 100
        content['pred_trajectories'] = pred
        metric = SemanticTrackingMetric()
        metric.process(None, [content])
        scores.append(metric.compute_metrics(metric.results))
    names = ('success', 'st_map', 'track_map', 'MTIR', 'f1_micro', 'event_recall')
    for part in scores:
        assert [part[name] for name in names] == [0.0] * len(names)
    # An event that ends in the named frame is not asked for.
    content['gt_interactions'] = events((5, -1, 'give.v.03', 1, 1, 'man'))
    content['pred_interactions'] = truth[:0]
    metric = SemanticTrackingMetric()
    metric.process(None, [content])
    assert np.isnan(metric.compute_metrics(metric.results)['trajectory_accuracy'])
