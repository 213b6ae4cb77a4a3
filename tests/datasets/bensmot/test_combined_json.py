"""Tests of BenSMOT's combined JSON files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip('torch')

from mmsmot.datasets import BenSMOTDataset  # noqa: E402
from mmsmot.datasets.bensmot.combined_json import CombinedAnnotations  # noqa: E402

GOOD = {
    'video_summary.json': {'act/a': 'Summary of a.', 'act/b': ' Summary of b. '},
    'instance_caption.json': {
        'act/a': {'1': 'One.', '2': 'Two.'},
        'act/b': {'1': 'One.', '2': ' '},
    },
    'relation.json': {
        'act/a': {'1-2': ['look.v.01', '', ' .Look.V.01', 'smlie.v.01']},
        'act/b': {'2-1': ['follow.v.01'], '1-2': 'hit.v.02'},
    },
}


@pytest.fixture
def root(tmp_path: Path, write_bensmot) -> Path:
    """Two sequences without words of their own, and the combined files."""
    for name in ('a', 'b'):
        missing = dict(captions=None, graph=None, caption=None)
        write_bensmot(tmp_path / f'data/train/act/{name}', **missing)
    return write(tmp_path, GOOD)


def write(root: Path, files: dict) -> Path:
    (root / 'json').mkdir(exist_ok=True)
    for name, content in files.items():
        (root / 'json' / name).write_text('\ufeff' + json.dumps(content))
    return root


def load(root: Path, **options) -> BenSMOTDataset:
    return BenSMOTDataset(
        data_root=str(root / 'data'),
        annotations=str(root / 'json'),
        cache=False,
        test_mode=True,
        **options,
    )


def test_words(root) -> None:
    dataset = load(root)
    a, b = (sample['data_samples'] for sample in dataset)
    assert a.gt_video_caption == 'Summary of a.'
    assert a.gt_captions == {1: 'One.', 2: 'Two.'}
    assert a.gt_interactions.as_pairs() == {(1, 2): {'look.v.01', 'smile.v.01'}}
    assert b.gt_video_caption == 'Summary of b.'
    assert b.gt_captions == {1: 'One.'}
    assert b.gt_interactions.as_pairs() == {
        (2, 1): {'follow.v.01'},
        (1, 2): {'hit.v.02'},
    }
    counts = {'caption_empty': 1, 'captions_fewer': 1, 'verb_respelled': 2}
    assert dataset.repairs.counts == counts


@pytest.mark.parametrize(
    ('file', 'content', 'counts'),
    [
        ('video_summary.json', {}, {'video_caption_missing': 1}),
        ('instance_caption.json', {}, {'captions_missing': 1}),
        ('relation.json', {}, {'graph_missing': 1}),
        (
            'instance_caption.json',
            {'act/a': {'1': 'One.', '2': 'Two.', '7': 'x', 'x': 'y'}},
            {'caption_unknown_track': 2},
        ),
        (
            'relation.json',
            {'act/a': {'1+2': ['hit.v.02'], '1-2': 5, '2-1': [5]}},
            {'relation_malformed': 3},
        ),
        ('relation.json', {'act/a': {'1-9': ['hit.v.02']}}, {'edge_unknown_node': 1}),
        ('relation.json', {'act/a': {'1-1': ['hit.v.02']}}, {'edge_self_loop': 1}),
        ('relation.json', {'act/a': {'1-2': ['', ' .']}}, {'edge_without_verb': 1}),
        ('relation.json', {'act/a': {'1-2': ['hitt.v.02']}}, {'verb_unknown': 1}),
    ],
)
def test_quirks(file, content, counts, root) -> None:
    plain = {**GOOD, 'relation.json': {'act/a': {'1-2': ['look.v.01']}}}
    write(root, {**plain, file: content})
    dataset = load(root, sequences=['act/a'], described_only=False)
    repairs = {kind: n for kind, n in dataset.repairs.counts.items()}
    assert repairs == counts
    with pytest.raises(ValueError, match=rf'{file}: .*strict=True'):
        load(root, sequences=['act/a'], described_only=False, strict=True)


def test_videos_without_folder(root, write_bensmot) -> None:
    summaries = {**GOOD['video_summary.json'], 'act/gone': 'x', 'act/t': 'y'}
    write(root, {'video_summary.json': summaries})
    write_bensmot(root / 'data/test/act/t')  # the other split's
    dataset = load(root)
    assert dataset.repairs.counts['text_without_folder'] == 1
    assert "'act/gone'" in dataset.repairs.examples['text_without_folder'][0]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"a": ', 'relation.json: not JSON'),
        ('[]', 'relation.json: expected an object that maps'),
        ('{"act/a": "text"}', 'to objects'),
        ('[' * 100_000, 'relation.json: not JSON'),
    ],
)
def test_no_such_json(text, message, root) -> None:
    (root / 'json/relation.json').write_text(text)
    with pytest.raises(ValueError, match=message):
        CombinedAnnotations(root / 'json')


def test_a_missing_file(root) -> None:
    (root / 'json/relation.json').unlink()
    with pytest.raises(FileNotFoundError, match='relation.json: missing'):
        CombinedAnnotations(root / 'json')


def test_keys_in_other_digits_and_words_that_steer_a_terminal(root) -> None:
    captions = {'١': 'One.', '2': 'Two\x1b[2J.', '02': 'Again.'}
    write(root, GOOD | {'instance_caption.json': {'act/a': captions}})
    write(root, {'relation.json': {'act/a': {'1-٢': ['look.v.01']}}})
    dataset = load(root, described_only=False)
    words = dataset[0]['data_samples']
    assert words.gt_captions == {2: 'Two [2J.'}
    assert len(words.gt_interactions) == 0
    counts = dataset.repairs.counts
    assert counts['control_characters'] == 1
    assert counts['caption_unknown_track'] == 2
    assert counts['relation_malformed'] == 1
