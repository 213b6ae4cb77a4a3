"""Predictions on disk are scored as the evaluator would; bad files are named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.vocabulary import InteractionVocabulary
from mmsmot.evaluation import SMOTMetric, TrackingMetric, saved_predictions
from mmsmot.evaluation.external_results import ExternalResults
from mmsmot.evaluation.saved_predictions import (
    SavedPredictions,
    join_saved_predictions_and_gt,
    open_saved_predictions,
    score_saved_predictions,
)
from mmsmot.evaluation.smot_report import smot_report_headline
from mmsmot.structures import (
    Interactions,
    Prompt,
    SMOTDataSample,
    sample_to_dict,
    write_trajectories,
)
from mmsmot.utils.json_file import write_json

from .smot_samples import perfect, sample, trajectories, worked_example

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')

FRAMES = np.arange(1, 5)


@pytest.fixture(autouse=True)
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)


def videos() -> list[SMOTDataSample]:
    """The worked example and a perfect one, named as in BenSMOT."""
    found = [worked_example(), perfect('road', 'A boy runs.', 'A girl jumps away.')]
    for item, name in zip(found, ('park/000001', 'road/000002'), strict=True):
        item.set_metainfo(dict(video=perfect(name, 'A man.').video))
    return found


def truths(samples: list[SMOTDataSample]) -> list[SMOTDataSample]:
    found = []
    for item in samples:
        truth = SMOTDataSample(metainfo=item.metainfo)
        truth.set_data({k: v for k, v in item.items() if k.startswith('gt_')})
        found.append(truth)
    return found


def write_foreign(samples: list[SMOTDataSample], folder: Path) -> Path:
    """The same predictions as another program would write them."""
    captions, relations, summaries = {}, {}, {}
    for item in samples:
        name = item.video.name
        write_trajectories(item.pred_trajectories, folder / f'{name}.txt')
        captions[name] = {str(i): t for i, t in item.pred_captions.items()}
        summaries[name] = item.pred_video_caption
        pairs: dict[str, dict[str, float]] = {}
        table = item.pred_interactions
        for i, j, verb, score in zip(
            table.subject_ids, table.object_ids, table.verbs, table.scores, strict=True
        ):
            pairs.setdefault(f'{i}-{j}', {})[str(verb)] = float(score)
        relations[name] = pairs
    for file, content in (
        ('instance_caption', captions),
        ('relation', relations),
        ('video_summary', summaries),
    ):
        (folder / f'{file}.json').write_text(json.dumps(content))
    return folder


def test_dump_and_foreign_files_score_as_the_evaluator(tmp_path: Path) -> None:
    metric = SMOTMetric(out_dir=str(tmp_path / 'dump'))
    metric.process(None, [item.to_dict() for item in videos()])
    expected = metric.evaluate(2)
    write_foreign(videos(), tmp_path / 'foreign')
    kinds = {'dump': SavedPredictions, 'foreign': ExternalResults}
    for folder, kind in kinds.items():
        predictions = open_saved_predictions(tmp_path / folder)
        assert isinstance(predictions, kind)
        assert predictions.names == ['park/000001', 'road/000002']
        found = score_saved_predictions(
            join_saved_predictions_and_gt(predictions, truths(videos()))
        )
        row = {
            f'smot/{key}': value for key, value in smot_report_headline(found).items()
        }
        assert row == expected
        assert 0 < row['smot/strict/interaction_F1'] < 1
    assert isinstance(
        open_saved_predictions(tmp_path / 'dump/predictions'), SavedPredictions
    )


def test_a_video_without_prediction(tmp_path: Path) -> None:
    write_foreign(videos()[:1], tmp_path)
    predictions = open_saved_predictions(tmp_path)

    def f1(missing: str) -> tuple[float, int]:
        joined = join_saved_predictions_and_gt(
            predictions, truths(videos()), missing=missing
        )
        found = score_saved_predictions(joined)
        return found['strict']['interactions']['R'], found['counts']['videos']

    with pytest.raises(ValueError, match="1 videos have no prediction: 'road/000002'"):
        f1('error')
    assert f1('skip') == (pytest.approx(1 / 2), 1)
    assert f1('empty') == (pytest.approx(1 / 3), 2)
    with pytest.raises(ValueError, match='missing must be one of'):
        f1('zero')


def test_an_unknown_video(tmp_path: Path) -> None:
    predictions = open_saved_predictions(write_foreign(videos(), tmp_path))
    known = truths(videos()[:1])
    with pytest.raises(ValueError, match="not in the dataset: 'road/000002'"):
        list(join_saved_predictions_and_gt(predictions, known))
    assert (
        len(
            list(join_saved_predictions_and_gt(predictions, known, ignore_unknown=True))
        )
        == 1
    )


def test_an_unknown_frame_names_the_video(tmp_path: Path) -> None:
    write_foreign(videos(), tmp_path)
    write_trajectories(trajectories(7, i1=0.0), tmp_path / 'park/000001.txt')
    joined = join_saved_predictions_and_gt(
        open_saved_predictions(tmp_path), truths(videos())
    )
    with pytest.raises(
        ValueError, match='park/000001: 3 predicted boxes lie on frames'
    ):
        score_saved_predictions(joined)


def test_positions_become_original_frame_numbers(tmp_path: Path) -> None:
    write_trajectories(trajectories(3, i1=0.0), tmp_path / 'a.txt')
    sparse = np.array([1, 2, 4])
    read = ExternalResults(tmp_path, 'position').read('a', sparse)
    assert read.pred_trajectories.frame_ids.tolist() == [1, 2, 4]
    plain = ExternalResults(tmp_path).read('a', sparse)
    assert plain.pred_trajectories.frame_ids.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match=r'a.txt: position 3, but the video has 2'):
        ExternalResults(tmp_path, 'position').read('a', sparse[:2])
    with pytest.raises(ValueError, match="one of 'original', 'position'"):
        ExternalResults(tmp_path, 'index')


def test_an_id_used_again_after_a_gap_is_one_trajectory(tmp_path: Path) -> None:
    (tmp_path / 'v.txt').write_text('1,1,0,0,10,20\n4,1,50,0,10,20\n')
    tracks = ExternalResults(tmp_path).read('v', FRAMES).pred_trajectories
    assert list(tracks.by_id()) == [1]
    walk = sample(
        'v', gt_trajectories=trajectories(i1=0.0), gt_captions={1: 'A man walks.'}
    )
    (tmp_path / 'instance_caption.json').write_text('{}')
    joined = list(
        join_saved_predictions_and_gt(open_saved_predictions(tmp_path), [walk])
    )
    result = score_saved_predictions(joined)
    assert result['tracking']['FN'] == 3
    assert result['strict']['instance']['spurious'] == 0


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('1,1,0,0,10', r'v.txt:1: expected at least 6 columns'),
        ('frame,id,x,y,w,h', r'v.txt:1: expected numbers'),
    ],
)
def test_wrong_columns(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / 'v.txt').write_text(f'{line}\n')
    with pytest.raises(ValueError, match=message):
        ExternalResults(tmp_path).read('v', FRAMES)


@pytest.mark.parametrize(
    ('file', 'content', 'message'),
    [
        ('relation', {'v': {'1-1': ['look.v.01']}}, 'two different ids'),
        ('relation', {'v': {'1-01': ['look.v.01']}}, 'two different ids'),
        ('relation', {'v': {f'1-{10**30}': ['look.v.01']}}, 'whole numbers from 0 to'),
        ('relation', {'v': {'1-٢': ['look.v.01']}}, 'whole numbers from 0 to'),
        ('relation', {'v': {'1>2': ['look.v.01']}}, "v: '1>2': expected"),
        ('relation', {'v': {'1-2': 'look.v.01'}}, 'expected a list of verbs'),
        ('relation', {'v': {'1-2': {'look.v.01': 7}}}, 'a score from 0 to 1'),
        ('relation', {'w': {}}, "1 of its names have no text file, the first 'w'"),
        ('instance_caption', {'v': {'one': 'A man.'}}, 'expected "<id>": text'),
        ('instance_caption', {'v': {'٢': 'A man.'}}, 'expected "<id>": text'),
        ('instance_caption', {'v': {'1_0': 'A man.'}}, 'expected "<id>": text'),
        ('instance_caption', {'v': {'1': 'A', '01': 'B'}}, 'once for each id'),
        ('instance_caption', {'v': {'1': None}}, 'expected "<id>": text'),
        ('instance_caption', ['A man.'], 'expected an object of videos'),
        ('video_summary', {'v': 3}, "'v': expected a text, got 3"),
    ],
)
def test_malformed_words(
    tmp_path: Path, file: str, content: object, message: str
) -> None:
    (tmp_path / 'v.txt').write_text('1,1,0,0,10,20\n')
    (tmp_path / f'{file}.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as caught:
        ExternalResults(tmp_path).read('v', FRAMES)
    assert f'{file}.json' in str(caught.value)


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / 'v.txt').write_text('')
    (tmp_path / 'relation.json').write_text('{"v": ')
    with pytest.raises(ValueError, match=r'relation.json: not JSON'):
        ExternalResults(tmp_path)
    (tmp_path / 'predictions').mkdir()
    (tmp_path / 'predictions/v.json').write_text('{}')
    with pytest.raises(ValueError, match=r'v.json: not a sample of format'):
        open_saved_predictions(tmp_path).read('v', FRAMES)


def test_verbs_are_cleaned_as_in_the_release(tmp_path: Path) -> None:
    (tmp_path / 'v.txt').write_text('1,1,0,0,10,20\n')
    verbs = [' Look.v.01', '.talk.v.01', '', 'look.v.01']
    (tmp_path / 'relation.json').write_text(json.dumps({'v': {'1-2': verbs}}))
    table = ExternalResults(tmp_path).read('v', FRAMES).pred_interactions
    assert table.as_pairs() == {(1, 2): {'look.v.01', 'talk.v.01'}}
    assert table.scores.tolist() == [1.0, 1.0]


def test_empty_captions_and_other_alphabets_score_zero(tmp_path: Path) -> None:
    boxes = trajectories(i1=0.0, i2=50.0, i3=100.0)
    write_trajectories(boxes, tmp_path / 'v.txt')
    said = {'v': {'1': '', '2': '一个女孩在跑', '3': 'a boy sits'}}
    (tmp_path / 'instance_caption.json').write_text(
        json.dumps(said, ensure_ascii=False), encoding='utf-8'
    )
    item = sample(
        'v',
        gt_trajectories=boxes,
        gt_captions={1: 'A man walks.', 2: 'A girl runs.', 3: 'A boy sits.'},
    )
    joined = join_saved_predictions_and_gt(open_saved_predictions(tmp_path), [item])
    found = score_saved_predictions(joined)['strict']['instance']
    assert found['ROUGE-L'] == pytest.approx(1 / 3)  # one of three is right
    assert (found['captions'], found['spurious']) == (3, 0)


def test_the_dump_must_fit(tmp_path: Path) -> None:
    metric = SMOTMetric(out_dir=str(tmp_path))
    metric.process(None, [videos()[0].to_dict()])
    predictions = open_saved_predictions(tmp_path)
    with pytest.raises(ValueError, match=r'predicted on 4 frames .* gt has 2 frames'):
        predictions.read('park/000001', FRAMES[:2])
    file = tmp_path / 'predictions/park/000001.json'
    file.rename(file.with_stem('000009'))
    with pytest.raises(ValueError, match="holds the predictions of 'park/000001'"):
        open_saved_predictions(tmp_path).read('park/000009', FRAMES)


def test_a_video_without_truth_is_skipped_and_counted(tmp_path: Path) -> None:
    plain = sample('plain', pred_trajectories=trajectories(i1=0.0))
    found = score_saved_predictions([plain, *videos()])
    assert found['counts'] == {'videos': 2, 'without truth': {}, 'skipped': 1}
    with pytest.raises(ValueError, match='none of 1 videos has a truth'):
        score_saved_predictions([plain])


def test_nothing_to_open(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'predictions/<video>\.json'):
        open_saved_predictions(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such folder'):
        open_saved_predictions(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match=r'no <video>\.txt'):
        ExternalResults(tmp_path)
    with pytest.raises(FileNotFoundError, match=r'no <video>\.json'):
        SavedPredictions(tmp_path)


def test_blanks_of_raw_verbs_stay(tmp_path: Path) -> None:
    """``'accept.v.02 '`` and ``'accept.v.02'`` are two of BenSMOT's 359 strings."""
    (tmp_path / 'v.txt').write_text('1,1,0,0,9,9,1\n1,2,20,0,9,9,1\n')
    verbs = {'.accept.v.02 ': 0.5, 'Accept.v.02': 0.7, 'look.v.01 ': 0.9}
    (tmp_path / 'relation.json').write_text(json.dumps({'v': {'1-2': verbs}}))
    read = ExternalResults(tmp_path, vocabulary=InteractionVocabulary('raw359'))
    table = read.read('v', FRAMES).pred_interactions
    assert dict(zip(table.verbs.tolist(), table.scores.tolist(), strict=True)) == {
        'accept.v.02 ': 0.5,
        'accept.v.02': 0.7,
        'look.v.01': 0.9,
    }


def test_a_spelling_of_the_truths_verb_is_the_verb(tmp_path: Path) -> None:
    """The released SMOTer predicts BenSMOT's raw strings."""
    (tmp_path / 'v.txt').write_text('1,1,0,0,9,9,1\n1,2,20,0,9,9,1\n')
    said = {'v': {'1-2': {'smlie.v.01': 0.5, 'smile.v.01': 0.7, 'juggle.v.99': 0.6}}}
    (tmp_path / 'relation.json').write_text(json.dumps(said))
    read = ExternalResults(tmp_path, vocabulary=InteractionVocabulary())
    table = read.read('v', FRAMES).pred_interactions
    assert dict(zip(table.verbs.tolist(), table.scores.tolist(), strict=True)) == {
        'smile.v.01': 0.7,
        'juggle.v.99': 0.6,
    }


def test_a_result_that_counts_from_0_is_moved(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').write_text('0,1,0,0,5,5,1\n2,1,0,0,5,5,1\n')
    sparse = np.array([1, 2, 4])
    read = ExternalResults(tmp_path).read('a', sparse)
    assert read.pred_trajectories.frame_ids.tolist() == [1, 3]
    read = ExternalResults(tmp_path, 'position').read('a', sparse)
    assert read.pred_trajectories.frame_ids.tolist() == [1, 4]


def test_a_result_of_images_from_0_must_tell_its_numbering(tmp_path: Path) -> None:
    read = ExternalResults(tmp_path_with(tmp_path, '2,1,0,0,5,5,1\n'))
    with pytest.raises(
        ValueError, match=r'a\.txt: the images of its video count from 0'
    ):
        read.read('a', np.array([1, 2, 3]), images_from_zero=True)
    read = ExternalResults(tmp_path_with(tmp_path, '0,1,0,0,5,5,1\n'))
    found = read.read('a', np.array([1, 2, 3]), images_from_zero=True)
    assert found.pred_trajectories.frame_ids.tolist() == [1]


def tmp_path_with(folder: Path, rows: str) -> Path:
    (folder / 'a.txt').write_text(rows)
    return folder


def test_words_without_a_file_were_not_predicted(tmp_path: Path) -> None:
    write_foreign(videos(), tmp_path)
    for name in ('instance_caption', 'relation', 'video_summary'):
        (tmp_path / f'{name}.json').unlink()
        joined = join_saved_predictions_and_gt(
            open_saved_predictions(tmp_path), truths(videos())
        )
        found = score_saved_predictions(joined, ['strict'])
        if name == 'instance_caption':
            assert set(found['strict']) == {'interactions', 'video', 'joint'}
            assert set(found['strict']['joint']) == {'IHOTA'}
    assert 'strict' not in found


def write_infer_result(item: SMOTDataSample, path: Path, name: str) -> None:
    """What ``tools/infer.py`` writes of a video that it knows under ``name``."""
    prediction = SMOTDataSample(metainfo=item.metainfo)
    prediction.set_metainfo(dict(video=replace(item.video, name=name)))
    prediction.set_data({k: v for k, v in item.items() if k.startswith('pred_')})
    content = {**sample_to_dict(prediction), 'key': {}, 'files': ['tracks.txt']}
    write_json(content, path)
    write_trajectories(item.pred_trajectories, path.with_name('tracks.txt'))


def test_results_of_infer_are_scored(tmp_path: Path) -> None:
    for item, name in zip(videos(), ('000001', '000002'), strict=True):
        write_infer_result(item, tmp_path / item.video.name / 'result.json', name)
    predictions = open_saved_predictions(tmp_path)
    assert isinstance(predictions, SavedPredictions)
    assert predictions.names == ['park/000001', 'road/000002']
    scores = score_saved_predictions(
        join_saved_predictions_and_gt(predictions, truths(videos()))
    )
    expected = score_saved_predictions(videos())
    assert scores['tracking'] == expected['tracking']
    assert scores['strict']['interactions']['F1'] == pytest.approx(
        expected['strict']['interactions']['F1']
    )


def test_one_result_of_infer_is_of_the_video_that_its_name_ends(tmp_path: Path) -> None:
    write_infer_result(videos()[0], tmp_path / 'result.json', '000001')
    predictions = open_saved_predictions(tmp_path)
    (joined,) = join_saved_predictions_and_gt(predictions, truths(videos()), 'skip')
    assert joined.video.name == 'park/000001'
    twins = truths([videos()[0], videos()[0]])
    twins[1].set_metainfo(dict(video=replace(twins[1].video, name='yard/000001')))
    with pytest.raises(ValueError, match="of 'park/000001' or of 'yard/000001'"):
        list(join_saved_predictions_and_gt(predictions, twins))


@pytest.mark.parametrize('count', [1, 2])
def test_a_result_is_parsed_once(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = videos()[:count]
    for item in items:
        folder = item.video.name if count > 1 else '.'
        path = tmp_path / folder / 'result.json'
        write_infer_result(item, path, item.video.name)
    parsed = []
    read_json = saved_predictions.read_json
    monkeypatch.setattr(
        saved_predictions,
        'read_json',
        lambda path: [parsed.append(path), read_json(path)][1],
    )
    list(join_saved_predictions_and_gt(open_saved_predictions(tmp_path), truths(items)))
    assert len(parsed) == len({*parsed}) == count


def test_prompts_of_one_video_of_infer(tmp_path: Path) -> None:
    """Given one video, it writes ``<prompt.key>/result.json``."""
    samples = []
    for prompt in (Prompt('a man'), Prompt('a woman')):
        item = videos()[0]
        item.set_metainfo(dict(prompt=prompt))
        samples.append(item)
        write_infer_result(item, tmp_path / prompt.key / 'result.json', '000001')
    joined = list(
        join_saved_predictions_and_gt(open_saved_predictions(tmp_path), truths(samples))
    )
    assert [item.prompt.text for item in joined] == ['a man', 'a woman']


def test_a_dump_of_a_video_that_is_named_result(tmp_path: Path) -> None:
    item = perfect('result', 'A man.')
    metric = SMOTMetric(out_dir=str(tmp_path))
    metric.process(None, [item.to_dict()])
    assert open_saved_predictions(tmp_path).names == ['result']
    (joined,) = join_saved_predictions_and_gt(
        open_saved_predictions(tmp_path), truths([item])
    )
    assert len(joined.pred_trajectories) == len(item.pred_trajectories)


def test_prompts_of_one_video_are_scored_apart(tmp_path: Path) -> None:
    prompts = Prompt('a man'), Prompt('a woman')
    samples = []
    for prompt in prompts:
        item = perfect('road', 'A man.')
        item.set_metainfo(dict(prompt=prompt))
        samples.append(item)
    samples[1].pred_trajectories = samples[1].pred_trajectories[:0]
    names = [f'road/{prompt.key}' for prompt in prompts]
    metric = SMOTMetric(out_dir=str(tmp_path))
    metric.process(None, [item.to_dict() for item in samples])
    scores = metric.evaluate(2)
    assert scores['smot/track/FN'] == len(samples[0].gt_trajectories)
    for name in names:
        assert (tmp_path / f'{name}.txt').is_file()
    predictions = open_saved_predictions(tmp_path)
    assert predictions.names == names
    again = smot_report_headline(
        score_saved_predictions(
            join_saved_predictions_and_gt(predictions, truths(samples))
        )
    )
    assert again['track/HOTA'] == pytest.approx(scores['smot/track/HOTA'])
    with pytest.raises(ValueError, match="not in the dataset: 'road/a-man-.*prompt"):
        list(
            join_saved_predictions_and_gt(
                predictions, truths([perfect('road', 'A man.')]), 'skip'
            )
        )
    tracking = TrackingMetric(json_path=str(tmp_path / 'tracking.json'))
    tracking.process(None, [item.to_dict() for item in samples])
    tracking.evaluate(2)
    rows = json.loads((tmp_path / 'tracking.json').read_text())['scores']
    assert list(rows) == [*names, 'COMBINED']


def test_pairs_with_an_untracked_side_are_no_pairs_of_the_vocabulary() -> None:
    item = perfect('road', 'A man.')
    expected = score_saved_predictions([item])['strict']['interactions']
    for side in ('gt', 'pred'):
        table = item.get(f'{side}_interactions')
        partners = Interactions([1], [-1], ['hold.v.02'], partner_labels=[side])
        item.set_field(table.concatenated(partners), f'{side}_interactions')
    assert score_saved_predictions([item])['strict']['interactions'] == expected
