"""The metric in MMEngine's evaluator."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from mmsmot.evaluation import (
    TrackingMetric,
    combine_tracking_sequences,
    evaluate_sequence,
    summarize_tracking,
)
from mmsmot.registry import METRICS
from mmsmot.structures import SMOTDataSample, VideoInfo, read_trajectories

FRAME_IDS = np.arange(1, 13)


def sample_of(name, pred=None, gt=None, frame_ids=FRAME_IDS) -> SMOTDataSample:
    sample = SMOTDataSample(
        metainfo=dict(video=VideoInfo(name, path=name), frame_ids=frame_ids)
    )
    if pred is not None:
        sample.pred_trajectories = pred
    if gt is not None:
        sample.gt_trajectories = gt
    return sample


@pytest.fixture
def samples(crowd) -> list[SMOTDataSample]:
    tables = [crowd(seed) for seed in range(5)]
    return [sample_of(f'v{i}', pred, gt) for i, (gt, pred) in enumerate(tables)]


def evaluate(metric: TrackingMetric, samples: list[SMOTDataSample]) -> dict:
    evaluator = Evaluator(metric)
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def test_scores_and_table(samples, logged):
    scores = evaluate(METRICS.build(dict(type='TrackingMetric')), samples[::-1])
    results = {
        s.video.name: evaluate_sequence(
            s.gt_trajectories, s.pred_trajectories, FRAME_IDS
        )
        for s in samples
    }
    expected = summarize_tracking(combine_tracking_sequences(results))
    assert scores == {f'track/{key}': value for key, value in expected.items()}
    assert 0 < scores['track/HOTA'] < 100
    table = next(m for m in logged if 'COMBINED' in m).strip().splitlines()
    assert table[0].split() == ['sequence', *expected]
    assert [line.split()[0] for line in table[1:]] == [*results, 'COMBINED']
    assert table[-1].split()[1] == f'{expected["HOTA"]:.2f}'


def test_two_ranks_equal_one(samples, tmp_path):
    one = TrackingMetric(json_path=str(tmp_path / 'one.json'))
    scores = evaluate(one, samples)
    ranks = TrackingMetric(), TrackingMetric()
    # MMEngine's sampler hands out samples in turns and repeats some at the end; the
    # results travel as pickles, are interleaved and cut to the size of the dataset.
    for number, sample in enumerate([*samples, samples[0]]):
        ranks[number % 2].process(None, [sample.to_dict()])
    parts = [pickle.loads(pickle.dumps(rank.results)) for rank in ranks]
    merged = [result for pair in zip(*parts, strict=True) for result in pair]
    two = TrackingMetric(json_path=str(tmp_path / 'two.json'))
    together = two.compute_metrics(merged[: len(samples)])
    assert {f'track/{key}': value for key, value in together.items()} == scores
    texts = [(tmp_path / name).read_text() for name in ('one.json', 'two.json')]
    assert texts[0] == texts[1]


def test_results_stay_small(crowd):
    sizes = []
    for frames in (10, 80):
        metric = TrackingMetric()
        gt, pred = crowd(0, frames)
        metric.process(None, [sample_of('v', pred, gt, range(1, frames + 1)).to_dict()])
        sizes.append(len(pickle.dumps(metric.results)))
    assert sizes[1] <= sizes[0] * 1.1 < 10_000


def test_files(samples, tmp_path):
    samples[1] = sample_of('no-truth', samples[1].pred_trajectories)
    scores = evaluate(
        TrackingMetric(preprocessing='mot15', out_dir=str(tmp_path)), samples
    )
    names = {s.video.name for s in samples}
    assert {p.name for p in tmp_path.iterdir()} == {
        'scores.json',
        *(f'{name}.txt' for name in names),
    }
    again = read_trajectories(tmp_path / 'no-truth.txt')
    np.testing.assert_allclose(
        again.boxes, samples[1].pred_trajectories.boxes, atol=1e-3
    )
    report = json.loads((tmp_path / 'scores.json').read_text())
    assert report['preprocessing'] == 'mot15'
    assert report['preprocessing_of'] == dict.fromkeys(names - {'no-truth'}, 'mot15')
    assert set(report['scores']) == set(report['tracking_fields'])
    assert set(report['scores']) == {*names, 'COMBINED'} - {'no-truth'}
    combined = report['scores']['COMBINED']
    assert {f'track/{key}': value for key, value in combined.items()} == scores
    hota = report['tracking_fields']['COMBINED']['HOTA']['HOTA']
    assert len(hota) == 19
    assert combined['HOTA'] == pytest.approx(100 * np.mean(hota))


def test_the_json_says_what_auto_came_to(samples, tmp_path):
    truth = samples[0].gt_trajectories
    samples[0].gt_trajectories = replace(truth, labels=np.ones(len(truth)))
    path = tmp_path / 'scores.json'
    evaluate(TrackingMetric(json_path=str(path)), samples)
    report = json.loads(path.read_text())
    assert report['preprocessing'] == 'auto'
    assert report['preprocessing_of'] == {'v0': 'mot17'} | {
        f'v{i}': 'mot15' for i in range(1, 5)
    }


@pytest.mark.parametrize('name', ['../esc', 'a/../../esc', '/esc', r'..\esc', ''])
def test_no_name_leads_out_of_the_folder(samples, tmp_path, name):
    out = tmp_path / 'deep' / 'out'
    metric = TrackingMetric(out_dir=str(out))
    with pytest.raises(ValueError, match='would be written outside of'):
        metric.process(None, [sample_of(name, samples[0].pred_trajectories).to_dict()])
    assert list(tmp_path.iterdir()) == []


def test_a_name_with_a_slash_makes_a_folder(samples, tmp_path):
    metric = TrackingMetric(out_dir=str(tmp_path))
    metric.process(None, [sample_of('a/b..c', samples[0].pred_trajectories).to_dict()])
    assert (tmp_path / 'a' / 'b..c.txt').is_file()


def test_no_video_takes_the_place_of_all(samples):
    with pytest.raises(ValueError, match='a video is named COMBINED'):
        TrackingMetric().process(
            None, [sample_of('COMBINED', samples[0].pred_trajectories).to_dict()]
        )


def test_json_alone(samples, tmp_path):
    path = tmp_path / 'deep' / 'scores.json'
    evaluate(TrackingMetric(json_path=str(path)), samples)
    assert [p.name for p in tmp_path.rglob('*') if p.is_file()] == ['scores.json']


def test_videos_without_truth_are_counted(samples, logged):
    expected = evaluate(TrackingMetric(), samples[1:])
    samples[0] = sample_of('v0', samples[0].pred_trajectories)
    assert evaluate(TrackingMetric(), samples) == expected
    assert [m for m in logged if '1 of 5 videos have no truth' in m]


def test_no_truth_at_all(samples):
    bare = [sample_of(s.video.name, s.pred_trajectories) for s in samples]
    with pytest.raises(ValueError, match='none of 5 videos has a truth'):
        evaluate(TrackingMetric(), bare)


def test_an_error_names_the_video(samples):
    sample = samples[2]
    sample.set_metainfo(dict(frame_ids=FRAME_IDS + 1))
    with pytest.raises(ValueError, match='v2: .* frames that were not tracked'):
        evaluate(TrackingMetric(), samples)


def test_two_videos_of_one_name(samples):
    with pytest.raises(ValueError, match='stand for several videos each: v0'):
        evaluate(TrackingMetric(), [*samples, samples[0]])


def test_a_sample_without_prediction():
    with pytest.raises(KeyError, match='v: the sample has no pred_trajectories'):
        TrackingMetric().process(None, [sample_of('v').to_dict()])


def test_unknown_preprocessing():
    with pytest.raises(ValueError, match="'mot18'; known: auto, none, mot15"):
        TrackingMetric(preprocessing='mot18')
