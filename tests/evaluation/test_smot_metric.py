"""Everything at once: by hand, through MMEngine, and in two processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmsmot.evaluation import SMOTMetric
from mmsmot.evaluation.smot_report import headline, report, score_video
from mmsmot.evaluation.tracking import evaluate_and_match
from mmsmot.structures import Trajectories
from mmsmot.structures.sample_json import sample_from_dict

from .smot_samples import perfect, sample, trajectories, worked_example

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')

PARK = perfect('park', 'A man in red walks away.', 'A woman in blue is waving.')
ROAD = perfect('road', 'A boy runs to the left.', 'A girl jumps.', 'A dog sits still.')


@pytest.fixture(autouse=True)
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """METEOR costs ten seconds a start and has its own tests."""
    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)


def test_truth_as_prediction_is_the_ceiling() -> None:
    found = headline(report([score_video(PARK), score_video(ROAD)]))
    assert found['track/HOTA'] == pytest.approx(100)
    for protocol in ('strict', 'release'):
        assert found[f'{protocol}/interaction_F1'] == 1.0
    assert found['strict/instance_BLEU-4'] == pytest.approx(1.0)
    assert found['strict/IHOTA'] == pytest.approx(1.0)
    # Predictions are lowered and the truth is not: even the truth is not perfect.
    assert 0.8 < found['release/instance_BLEU'] < 1.0


def test_worked_example() -> None:
    found = report([score_video(worked_example())])
    strict, release = found['strict'], found['release']
    # follow 1-2 right; look 1-2, follow 2-1, look 14-1 wrong; look 3-1 missed.
    assert strict['interactions']['P'] == pytest.approx(1 / 4)
    assert strict['interactions']['R'] == pytest.approx(1 / 2)
    assert strict['interactions']['F1'] == pytest.approx(2 / 6)
    # Of the pairs that are true and found, and of the double.
    assert release['interactions']['P'] == pytest.approx(1 / 2)
    assert release['interactions']['R'] == pytest.approx(1 / 2)
    assert (strict['instance']['captions'], strict['instance']['spurious']) == (3, 2)
    # 3 true words hit by 'a man walks', 2 of 3 by 'a woman sits', none for the boy,
    # 6 words said for 9: precision 5/6 at brevity exp(1 - 9/6); then 3 of 5 kept.
    bleu = 5 / 6 * np.exp(1 - 9 / 6) * 3 / 5
    assert strict['instance']['BLEU-1'] == pytest.approx(bleu)
    assert strict['video']['ROUGE-L'] == pytest.approx(1.0)
    assert strict['joint']['IHOTA']['accuracy'] == pytest.approx(1 / 5)


def test_boxes_that_match_at_one_half() -> None:
    example = worked_example()
    _, found = evaluate_and_match(
        example.gt_trajectories, example.pred_trajectories, example.frame_ids
    )
    assert found == {(1, 11): 4, (2, 12): 4}


def test_caption_accuracy_weighs_boxes() -> None:
    result = report([score_video(worked_example())])['strict']['joint']['CHOTA']
    detected, associated = result['DetA@.5'], result['AssA@.5']
    assert detected == pytest.approx(8 / (8 + 4 + 5))
    assert associated == pytest.approx(1.0)
    expected = np.cbrt(detected * associated * result['accuracy'])
    assert result['joint'] == pytest.approx(expected)


def test_through_the_evaluator_and_from_its_dump(tmp_path: Path) -> None:
    metric = SMOTMetric(out_dir=str(tmp_path))
    unlabelled = sample('plain', pred_trajectories=trajectories(i1=0.0))
    samples = [PARK.to_dict(), ROAD.to_dict(), unlabelled.to_dict()]
    metric.process(None, samples)
    numbers = metric.evaluate(3)
    assert numbers['smot/strict/interaction_F1'] == 1.0
    scores = json.loads((tmp_path / 'scores.json').read_text())
    assert scores['counts'] == {'videos': 2, 'without truth': {}, 'skipped': 1}
    assert 'METEOR' in ' '.join(scores['missing'])
    assert (tmp_path / 'plain.txt').is_file()
    said = sample_from_dict(
        json.loads((tmp_path / 'predictions/road.json').read_text())
    )
    assert said.pred_captions == ROAD.pred_captions
    assert 'gt_captions' not in said


def test_nobody_and_nothing() -> None:
    nobody = Trajectories.empty()
    empty = sample(
        gt_trajectories=trajectories(i1=0.0),
        gt_captions={1: 'A man.'},
        gt_interactions=PARK.gt_interactions[:0],
        pred_trajectories=nobody,
    )
    found = report([score_video(empty)])
    assert found['strict']['instance']['ROUGE-L'] == 0.0
    assert found['strict']['joint']['CHOTA']['joint'] == 0.0
    assert found['release']['instance'] == {}
    assert found['counts']['without truth'] == {'video_caption': 1}


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match="some of 'strict', 'release'"):
        SMOTMetric(protocols=['lenient'])
    metric = SMOTMetric()
    with pytest.raises(KeyError, match='plain: the sample has no pred_trajectories'):
        metric.process(None, [sample('plain').to_dict()])
    late = sample(
        gt_trajectories=trajectories(i1=0.0),
        pred_trajectories=trajectories(9, i1=0.0),
    )
    with pytest.raises(ValueError, match='video: 5 predicted boxes lie on frames'):
        metric.process(None, [late.to_dict()])
    with pytest.raises(ValueError, match='none of 1 videos has a truth'):
        metric.compute_metrics([('plain', None)])
