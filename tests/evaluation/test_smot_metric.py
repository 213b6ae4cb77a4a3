"""Everything at once: by hand, through MMEngine, and in two processes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmsmot.evaluation import SMOTMetric, smot_report
from mmsmot.evaluation.captions import CaptionScores, CaptionSet
from mmsmot.evaluation.protocols import STRICT
from mmsmot.evaluation.report_table import format_report, format_tracking_table
from mmsmot.evaluation.smot_report import (
    build_smot_report,
    smot_report_headline,
    smot_report_video_scores,
)
from mmsmot.evaluation.tracking import evaluate_and_match_sequence
from mmsmot.registry import METRICS
from mmsmot.structures import Trajectories
from mmsmot.structures.sample_json import sample_from_dict
from mmsmot.utils.json_file import write_json

from .smot_samples import perfect, sample, trajectories, worked_example

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')

PARK = perfect('park', 'A man in red walks away.', 'A woman in blue is waving.')
ROAD = perfect('road', 'A boy runs to the left.', 'A girl jumps.', 'A dog sits still.')


@pytest.fixture(autouse=True)
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """METEOR costs ten seconds a start and has its own tests."""
    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)


def test_truth_as_prediction_is_the_ceiling() -> None:
    found = smot_report_headline(
        build_smot_report(
            [smot_report_video_scores(PARK), smot_report_video_scores(ROAD)]
        )
    )
    assert found['track/HOTA'] == pytest.approx(100)
    for protocol in ('strict', 'release'):
        assert found[f'{protocol}/interaction_F1'] == 1.0
    assert found['strict/instance_BLEU-4'] == pytest.approx(1.0)
    assert found['strict/IHOTA'] == pytest.approx(1.0)
    # Predictions are lowered and the truth is not: even the truth is not perfect.
    assert 0.8 < found['release/instance_BLEU'] < 1.0


def test_the_release_numbers_frames_by_position() -> None:
    """Somebody walks through frames 1, 2, 4 and 6, which the release counts 1 to 4."""
    frames, left = np.array([1, 2, 4, 6]), np.array([0.0, 50, 150, 250])
    boxes = np.stack([left, 0 * left, left + 10, 0 * left + 20], axis=1)
    walk = Trajectories(frames, np.ones(4, int), boxes)
    video = sample(
        gt_trajectories=walk, pred_trajectories=walk, gt_captions={1: 'a man'}
    )
    video.set_metainfo({'frame_ids': frames})
    scores = build_smot_report(
        [smot_report_video_scores(video, release_frame_numbers='position')]
    )
    assert (scores['tracking']['MOTA'], scores['tracking']['FN']) == (100, 0)
    release = scores['release']['tracking']
    assert (release['MOTA'], release['FN'], release['FP']) == (0, 2, 2)
    assert smot_report_headline(scores)['release/track_FN'] == 2
    assert 'frames by position' in format_report({**scores, 'counts': {'videos': 1}})
    assert 'release' not in build_smot_report([smot_report_video_scores(video)])
    with pytest.raises(ValueError, match="one of 'original', 'position', got 'row'"):
        SMOTMetric(release_frame_numbers='row')


def test_worked_example() -> None:
    found = build_smot_report([smot_report_video_scores(worked_example())])
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
    _, found = evaluate_and_match_sequence(
        example.gt_trajectories, example.pred_trajectories, example.frame_ids
    )
    assert found == {(1, 11): 4, (2, 12): 4}


def test_caption_accuracy_weighs_boxes() -> None:
    """Described well in four boxes, and badly in one."""
    from pycocoevalcap.cider.cider import Cider

    seen = trajectories(i1=0.0).concatenated(trajectories(1, i2=100.0))
    example = sample(
        gt_trajectories=seen,
        gt_captions={1: 'A man walks.', 2: 'A woman in red runs.'},
        pred_trajectories=seen,
        pred_captions={1: 'a man walks', 2: 'a man runs'},
    )
    truth = {0: ['a man walks'], 1: ['a woman in red runs']}
    said = {0: ['a man walks'], 1: ['a man runs']}
    well, badly = Cider().compute_score(truth, said)[1]
    assert well > 2 * badly > 0
    result = build_smot_report([smot_report_video_scores(example)])['strict']['joint'][
        'CHOTA'
    ]
    accuracy = (4 * well + 1 * badly) / 5 / 10
    assert result['accuracy'] == pytest.approx(accuracy)
    assert (result['DetA@.5'], result['AssA@.5']) == pytest.approx((1, 1))
    assert result['joint'] == pytest.approx(np.cbrt(accuracy))


def test_detection_and_association_of_the_worked_example() -> None:
    result = build_smot_report([smot_report_video_scores(worked_example())])['strict'][
        'joint'
    ]['CHOTA']
    assert result['DetA@.5'] == pytest.approx(8 / (8 + 4 + 5))
    assert result['AssA@.5'] == pytest.approx(1.0)


def test_words_and_boxes_are_asked_for_on_the_same_frames() -> None:
    example = perfect('park', 'A man walks.', 'A woman in red runs.')
    example.gt_trajectories = trajectories(10, i1=0.0, i2=50.0)  # 4 were looked at
    found = build_smot_report([smot_report_video_scores(example)])
    assert found['tracking']['HOTA'] == pytest.approx(100)
    assert found['strict']['instance']['BLEU-1'] == pytest.approx(1.0)
    assert found['strict']['instance']['spurious'] == 0
    assert found['strict']['interactions']['F1'] == 1.0


def test_each_level_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Java that dies after the first set: METEOR of the instances alone."""
    complete = smot_report.score_captions

    def dies(sets: dict[str, CaptionSet]) -> dict[str, CaptionScores]:
        scores = complete(sets)
        for name, found in scores.items():
            found.missing.clear()
            if name == 'instance':
                found.corpus['METEOR'] = 0.5
                found.segments['METEOR'] = np.full(len(sets[name].hypotheses), 0.5)
            else:
                found.missing['METEOR'] = 'java died'
        return scores

    monkeypatch.setattr(smot_report, 'score_captions', dies)
    found = build_smot_report([smot_report_video_scores(ROAD, [STRICT])])
    strict = found['missing']
    assert set(strict) == {
        'strict video METEOR',
        'strict pairs METEOR',
        'strict CHOTA',
    }
    assert strict['strict video METEOR'] == 'java died'
    assert 'CIDEr alone' in strict['strict CHOTA']


def test_chota_with_meteor_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(sets: dict[str, CaptionSet]) -> dict[str, CaptionScores]:
        ones = {name: np.ones(len(s.hypotheses)) for name, s in sets.items()}
        return {
            n: CaptionScores({}, {'METEOR': o, 'CIDEr': o}) for n, o in ones.items()
        }

    monkeypatch.setattr(smot_report, 'score_captions', whole)
    found = build_smot_report([smot_report_video_scores(ROAD, [STRICT])])
    assert found['missing'] == {}
    assert found['strict']['joint']['CHOTA']['accuracy'] == pytest.approx(0.55)


def test_built_by_name_and_the_report_says_its_preprocessing(tmp_path: Path) -> None:
    metric = METRICS.build(dict(type='SMOTMetric', out_dir=str(tmp_path)))
    classes = replace(ROAD.gt_trajectories, labels=np.ones(len(ROAD.gt_trajectories)))
    for example in (PARK.clone(), ROAD.clone()):
        if example.video.name == 'road':
            example.gt_trajectories = classes
        metric.process(None, [example.to_dict()])
    metric.evaluate(2)
    scores = json.loads((tmp_path / 'scores.json').read_text())
    assert scores['preprocessing'] == {'park': 'mot15', 'road': 'mot17'}


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    metric = SMOTMetric(out_dir=str(tmp_path / 'out'))
    with pytest.raises(
        ValueError, match=r"'\.\./esc': its results would be written out"
    ):
        metric.process(None, [perfect('../esc', 'A man walks.').to_dict()])
    assert list(tmp_path.iterdir()) == []


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
        pred_captions={},
    )
    found = build_smot_report([smot_report_video_scores(empty)])
    assert found['strict']['instance']['ROUGE-L'] == 0.0
    assert found['strict']['joint']['CHOTA']['joint'] == 0.0
    assert found['release']['instance'] == {}
    assert 'interactions' not in found['strict']
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


def without_words(example, *names: str):
    """The same sample, of which these were not predicted."""
    for name in names:
        example.pop(f'pred_{name}')
    return example


def test_what_nobody_predicted_is_absent() -> None:
    tracks = without_words(
        worked_example(), 'captions', 'interactions', 'video_caption'
    )
    found = build_smot_report([smot_report_video_scores(tracks)])
    assert not {'strict', 'release'} & found.keys()
    assert found['missing'] == {}
    assert {name.split('/')[0] for name in smot_report_headline(found)} == {'track'}
    text = format_report(found)
    assert 'tracking' in text and 'preprocessing' in text
    for word in ('protocol', 'F1 ', 'CHOTA', 'missing', 'captions'):
        assert word not in text


def test_what_is_not_annotated_is_absent_too() -> None:
    example = worked_example()
    example.pop('gt_interactions')
    found = build_smot_report([smot_report_video_scores(example)])
    assert 'interactions' not in found['release']
    assert set(found['strict']) == {'instance', 'video', 'joint'}
    assert set(found['strict']['joint']) == {'CHOTA'}


@pytest.mark.parametrize(
    ('gone', 'left'),
    [
        (('captions',), {'video', 'interactions', 'joint'}),
        (('interactions',), {'instance', 'video', 'joint'}),
        (('video_caption',), {'instance', 'interactions', 'joint'}),
        (('captions', 'interactions'), {'video'}),
    ],
)
def test_each_level_of_words_stands_alone(gone: tuple, left: set) -> None:
    found = build_smot_report(
        [smot_report_video_scores(without_words(worked_example(), *gone))]
    )
    assert set(found['strict']) == left
    assert set(found['release']) == left - {'joint'}
    everything = build_smot_report([smot_report_video_scores(worked_example())])
    for level in left - {'joint'}:
        assert found['strict'][level] == everything['strict'][level]
    format_report(found)


def test_a_video_without_words_among_others_is_missed() -> None:
    """As --missing empty counts one of which nothing was predicted."""
    silent = without_words(
        perfect('road', 'A boy runs.', 'A girl jumps.'),
        'captions',
        'interactions',
        'video_caption',
    )
    found = build_smot_report(
        [smot_report_video_scores(PARK), smot_report_video_scores(silent)]
    )['strict']
    assert found['interactions']['R'] == pytest.approx(1 / 2)
    assert found['instance']['captions'] == 4


def test_a_split_ends_in_one_combined_row(tmp_path: Path) -> None:
    reports = {}
    for name, example in (('a', worked_example()), ('b', PARK)):
        found = build_smot_report([smot_report_video_scores(example, [STRICT])])
        write_json(found, tmp_path / f'{name}.json')
        reports[name] = json.loads((tmp_path / f'{name}.json').read_text())
    lines = format_tracking_table(reports).splitlines()
    assert [line.split()[0] for line in lines] == ['sequence', 'a', 'b', 'COMBINED']
    both = build_smot_report(
        [
            smot_report_video_scores(worked_example(), [STRICT]),
            smot_report_video_scores(PARK, [STRICT]),
        ]
    )
    combined = [float(cell) for cell in lines[-1].split()[1:]]
    assert combined == pytest.approx(list(both['tracking'].values()), abs=0.005)
    # Reports of older versions.
    for scores in reports.values():
        scores['trackeval'] = scores.pop('tracking_fields')
    assert format_tracking_table(reports).splitlines() == lines
