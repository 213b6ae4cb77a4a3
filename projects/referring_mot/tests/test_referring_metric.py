"""HOTA by expression: pooled, mean, nothing, by kind, by protocol."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmsmot.structures import (
    Prompt,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
)
from projects.referring_mot.datasets.referred_boxes import referred_trajectories
from projects.referring_mot.evaluation.expression_scores import summarize_expressions
from projects.referring_mot.evaluation.referring_metric import ReferringMetric
from projects.referring_mot.evaluation.threshold_choice import FILE

VIDEO = VideoInfo('street', 'street', 10.0, 200, 100)
FRAMES = np.arange(1, 11)


def objects() -> Trajectories:
    """Ids 1 and 2 in ten frames; 1 moves ten pixels a frame."""
    frames, ids = np.repeat(FRAMES, 2), np.tile([1, 2], 10)
    x1 = np.where(ids == 1, 10.0 * frames, 50.0)
    top = np.where(ids == 1, 0.0, 60.0)
    boxes = np.stack([x1, top, x1 + 20, top + 30], axis=1)
    return Trajectories(frames, ids, boxes)


def sample(sentence: str, labels: dict, predictions: Trajectories) -> dict:
    gt_sample = SMOTDataSample(
        metainfo=dict(video=VIDEO, frame_ids=FRAMES, prompt=Prompt(sentence))
    )
    expression = ReferringExpression(sentence, labels)
    gt_sample.gt_expressions = [expression]
    gt_sample.gt_objects = objects()
    gt_sample.gt_trajectories = referred_trajectories(objects(), expression)
    gt_sample.pred_trajectories = predictions
    return gt_sample.to_dict()


def always(*ids: int) -> dict:
    return {int(f): ids for f in FRAMES}


def scores(samples: Sequence[dict], **options: object) -> dict[str, float]:
    metric = ReferringMetric(**options)
    metric.process(None, samples)
    return metric.compute_metrics(metric.results)


def test_the_true_boxes_are_perfect() -> None:
    gt = objects()
    result = scores([sample('first', always(1), gt[gt.ids == 1])])
    assert result['HOTA'] == pytest.approx(100)
    assert result['mean_HOTA'] == pytest.approx(100)
    counts = ('num_unanswered', 'num_zero_hota', 'num_without_gt')
    assert [result[name] for name in counts] == [0, 0, 0]


def test_everybody_for_one_of_two_has_half_the_precision() -> None:
    result = scores([sample('first', always(1), objects())])
    assert result['DetPr'] == pytest.approx(50)
    assert result['DetRe'] == pytest.approx(100)
    assert result['AssA'] == pytest.approx(100)
    assert result['HOTA'] == pytest.approx(100 * np.sqrt(0.5))


def test_pooling_rewards_giving_up_and_the_mean_does_not() -> None:
    """A long expression answered, a short one given up: pooled stays high."""
    gt = objects()
    samples = [
        sample('both', always(1, 2), gt),
        sample('short', {1: (1,)}, gt[:0]),
    ]
    result = scores(samples)
    assert result['mean_HOTA'] == pytest.approx(50)
    assert result['mean_HOTA_se'] == pytest.approx(50)
    assert result['HOTA'] == pytest.approx(100 * np.sqrt(20 / 21))
    assert (result['num_unanswered'], result['expressions']) == (1, 2)


def test_boxes_for_a_sentence_that_means_nobody_are_counted() -> None:
    gt = objects()
    samples = [sample('first', always(1), gt[gt.ids == 1]), sample('nobody', {}, gt)]
    result = scores(samples)
    assert (result['num_without_gt'], result['false_boxes']) == (1, 20)
    assert result['mean_HOTA'] == pytest.approx(100)  # it has no gt to be found
    assert result['HOTA'] < 60  # its boxes count where all are pooled


def test_no_expression_has_no_score() -> None:
    with pytest.raises(ValueError, match='no expression was scored'):
        summarize_expressions([])


def test_static_and_temporal_stand_apart() -> None:
    gt = objects()
    samples = [
        sample('static', always(1), gt[gt.ids == 1]),
        sample('temporal', {f: (1,) for f in range(1, 6)}, gt[gt.ids == 1]),
    ]
    result = scores(samples)
    assert result['static/HOTA'] == pytest.approx(100)
    assert result['temporal/DetPr'] == pytest.approx(50)
    assert result['temporal/expressions'] == 1


def test_the_released_protocol_is_one_frame_ahead() -> None:
    """Id 1 moves half its width a frame: IoU 1/3 with the box of the next frame."""
    gt = objects()
    samples = [sample('first', always(1), gt[gt.ids == 1])]
    fixed, released = scores(samples), scores(samples, protocol='released')
    assert fixed['LocA'] == pytest.approx(100)
    assert released['LocA'] < 80
    assert released['HOTA'] < 40
    # The last frame has no next one: nine boxes are left of ten.
    metric = ReferringMetric(protocol='released')
    metric.process(None, samples)
    assert metric.results[0].by_threshold[0].num_gt == 9


def test_results_are_written_by_video_and_prompt(tmp_path: Path) -> None:
    samples = [sample('first', always(1), objects())]
    scores(samples, out_dir=str(tmp_path))
    content = json.loads((tmp_path / 'scores.json').read_text())
    (name,) = content['expressions']
    assert name == f'street/{Prompt("first").key}'
    assert (tmp_path / f'{name}.txt').is_file()
    assert content['scores']['all']['num_unanswered'] == 0
    assert content['scores']['all']['mean_HOTA_se'] is None


def test_a_sample_of_another_dataset_is_refused() -> None:
    foreign = sample('first', always(1), objects())
    del foreign['gt_objects']
    with pytest.raises(KeyError, match='no gt_objects.*ReferringDataset'):
        scores([foreign])


THRESHOLDS = (0.3, 0.4, 0.5, 0.6)


def scored_samples(shift: float = 0.0) -> list[dict]:
    """Two sentences; boxes of both ids with scores from .2 to .8, some at a threshold."""
    gt = objects()
    gt = replace(gt, boxes=gt.boxes + shift)
    generator = np.random.default_rng(3)
    samples = []
    for sentence, labels in (('first', always(1)), ('early', {1: (2,), 2: (1, 2)})):
        table = replace(gt, scores=generator.integers(2, 9, len(gt)) / 10)
        one = sample(sentence, labels, table)
        one['gt_objects'] = gt
        samples.append(one)
    return samples


def cut(samples: Sequence[dict], threshold: float) -> list[dict]:
    """What a model that leaves out boxes itself would have reported."""
    cut_samples = []
    for one in samples:
        table = one['pred_trajectories']
        kept = table[table.scores >= threshold]
        cut_samples.append({**one, 'pred_trajectories': kept})
    return cut_samples


def test_each_threshold_scores_as_boxes_that_are_cut_there() -> None:
    samples = scored_samples()
    result = scores(samples, thresholds=THRESHOLDS, select_threshold='mean_HOTA')
    expected = {t: scores(cut(samples, t)) for t in THRESHOLDS}
    assert len({row['mean_HOTA'] for row in expected.values()}) == len(THRESHOLDS)
    for threshold, row in expected.items():
        named = {name: result[f'threshold_{threshold}/{name}'] for name in row}
        assert named == pytest.approx(row, nan_ok=True)
        assert 'static/HOTA' in row
    best = max(THRESHOLDS, key=lambda t: expected[t]['mean_HOTA'])
    assert result['threshold'] == best
    plain = {name: result[name] for name in expected[best]}
    assert plain == pytest.approx(expected[best], nan_ok=True)


def test_what_val_chose_is_tested(tmp_path: Path) -> None:
    """Whatever would be best on test; another score chooses another threshold."""
    options = dict(thresholds=THRESHOLDS, out_dir=str(tmp_path))
    val = scores(scored_samples(), select_threshold='AssPr', **options)
    assert val['threshold'] == 0.6
    test = cut(scored_samples(shift=2.0), 0.0)
    best = scores(test, thresholds=THRESHOLDS, select_threshold='mean_HOTA')[
        'threshold'
    ]
    assert best == 0.3
    choice = tmp_path / FILE
    result = scores(test, thresholds=THRESHOLDS, threshold_from=choice)
    assert result['threshold'] == val['threshold']
    assert result['mean_HOTA'] == result['threshold_0.6/mean_HOTA']
    alone = scores(test, threshold_from=choice)  # no other is scored then
    assert alone['mean_HOTA'] == result['mean_HOTA']
    assert 'threshold_0.4/mean_HOTA' not in alone


def test_the_videos_that_chose_the_threshold_are_not_tested(tmp_path: Path) -> None:
    samples = scored_samples()
    options = dict(thresholds=THRESHOLDS, out_dir=str(tmp_path))
    scores(samples, select_threshold='mean_HOTA', **options)
    with pytest.raises(ValueError, match=r'^street/.*threshold.json.* on this video'):
        scores(samples[1:], threshold_from=tmp_path / FILE)


def test_a_file_that_is_no_choice_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'scores.json'
    path.write_text('{"protocol": "fixed"}')
    with pytest.raises(ValueError, match=r'scores.json: expected the threshold.json'):
        ReferringMetric(threshold_from=path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(thresholds=(0.3, 0.4)), 'which of thresholds=.* is reported'),
        (dict(thresholds=(0.3, 1.4), select_threshold='mean_HOTA'), 'got 1.4'),
        (dict(thresholds=(0.3, 0.3), select_threshold='mean_HOTA'), 'stands twice'),
        (
            dict(thresholds=(0.3,), select_threshold='false_boxes'),
            'select_threshold must',
        ),
        (dict(select_threshold='mean_HOTA'), 'give these'),
    ],
)
def test_thresholds_that_choose_nothing_are_refused(
    options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ReferringMetric(**options)


def test_expressions_of_nobody_choose_no_threshold() -> None:
    nobody = [sample('nobody', {}, objects())]
    with pytest.raises(ValueError, match='none can choose a threshold'):
        scores(nobody, thresholds=(0.3, 0.4), select_threshold='mean_HOTA')


@pytest.mark.parametrize(('model_threshold', 'is_warned'), [(0.5, True), (0.0, False)])
def test_a_model_that_leaves_boxes_out_itself_is_noticed(
    model_threshold: float, is_warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    samples = cut(scored_samples(), model_threshold)
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING):
            scores(samples, thresholds=THRESHOLDS, select_threshold='mean_HOTA')
    finally:
        logger.removeHandler(caplog.handler)
    assert ('leaves boxes out itself' in caplog.text) == is_warned
