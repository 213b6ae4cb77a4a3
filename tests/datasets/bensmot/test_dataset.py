"""Tests of the BenSMOT dataset (its quirks: test_bensmot_quirks.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate, worker_init_fn

torch_data = pytest.importorskip('torch.utils.data')

from mmsmot.datasets import BenSMOTDataset, VideoReader  # noqa: E402
from mmsmot.datasets.seeded_index import SeededIndex  # noqa: E402
from mmsmot.registry import DATASETS  # noqa: E402
from mmsmot.structures import CoordinateSpace  # noqa: E402


def load(root: Path, **options) -> BenSMOTDataset:
    config = dict(type='BenSMOTDataset', data_root=str(root), cache=False)
    return DATASETS.build(config | options)


def videos(root: Path, **options) -> tuple[dict, BenSMOTDataset]:
    """All samples by name, whether described or not."""
    dataset = load(root, test_mode=True, described_only=False, **options)
    samples = [sample['data_samples'] for sample in dataset]
    return {sample.video.name: sample for sample in samples}, dataset


@pytest.fixture
def root(tmp_path: Path, write_bensmot) -> Path:
    """One sequence without anything odd, one with spans and expressions."""
    write_bensmot(tmp_path / 'data/train/cooking/a')
    spans = [(1, 'look.v.01', 2, 1, 2), (1, 'look.v.01', 2, 5, 6)]
    keys = ('subject', 'verb', 'object', 'start', 'end')
    write_bensmot(
        tmp_path / 'data/train/cooking/b',
        spans=json.dumps(
            dict(fps=8, trajectories=[dict(zip(keys, s, strict=True)) for s in spans])
        ),
        expressions={
            'people.json': '{"label": {"0": [1, 2], "5": [2]}, "sentence": "people"}'
        },
    )
    return tmp_path / 'data'


def test_whole_videos(root, number_of) -> None:
    dataset = load(root, test_mode=True)
    assert dataset.metainfo['classes'] == ('person',)
    assert len(dataset.metainfo['verbs']) == 335
    assert dataset.metainfo['flippable'] is False
    assert dataset.repairs.counts == {'edge_without_span': 1}
    video_a, video_b = dataset[0], dataset[1]
    assert isinstance(video_a['inputs'], VideoReader)
    assert [number_of(frame.image) for frame in video_a['inputs']] == [1, 2, 3, 4, 5, 6]
    sample = video_a['data_samples']
    assert (sample.video.name, sample.video.fps) == ('cooking/a', 2.0)
    assert (sample.video.width, sample.video.height) == (64, 48)
    gt = sample.gt_trajectories
    assert gt.space == CoordinateSpace(width=64, height=48)
    assert gt.boxes[0].tolist() == [1, 5, 11, 25]
    assert set(gt.visibility) == {0.5}
    assert sample.gt_captions == {1: 'A man waves.', 2: 'A woman runs.'}
    assert sample.gt_video_caption == 'Two people are here.'
    assert sample.gt_interactions.as_pairs() == {(1, 2): {'look.v.01', 'follow.v.01'}}
    assert sample.gt_interactions.start_frames.tolist() == [0, 0]
    sample = video_b['data_samples']
    assert sample.video.fps == 8
    spans = sample.gt_interactions
    assert spans.verbs.tolist() == ['look.v.01', 'look.v.01', 'follow.v.01']
    assert spans.start_frames.tolist() == [1, 5, 0]
    assert spans.end_frames.tolist() == [2, 6, 0]
    assert [e.labels for e in sample.gt_expressions] == [{1: (1, 2), 6: (2,)}]


def test_clips_have_the_words_of_their_frames(root) -> None:
    dataset = load(root, sequences=['*/b'], num_frames=2)
    frame_sets = set()
    for seed in range(30):
        clip = dataset[SeededIndex(0, (seed,))]
        sample = clip['data_samples']
        video_a = int(sample.frame_ids[0])
        assert sample.frame_ids.tolist() == [video_a, video_a + 1]
        verbs = sample.gt_interactions.verbs.tolist()
        spans = {1: 1, 2: 1, 3: 0, 4: 1, 5: 1}
        assert verbs.count('look.v.01') == spans[video_a]
        assert sample.flippable is False
        frame_sets.add(video_a)
    assert frame_sets == {1, 2, 3, 4, 5}


def test_undescribed_videos(root, write_bensmot, logged) -> None:
    write_bensmot(root / 'train/cooking/c', graph=None)
    assert len(load(root, test_mode=True)) == 2
    messages = [r.getMessage() for r in logged]
    assert any('1 of 3 sequences left out' in m and 'cooking/c' in m for m in messages)
    assert len(load(root, test_mode=True, described_only=False)) == 3
    with pytest.raises(ValueError, match='1 of 1 .*described_only=False keeps'):
        load(root, test_mode=True, sequences=['cooking/c'])


@pytest.mark.parametrize(
    ('mode', 'size', 'verbs'),
    [
        ('clean335', 335, ['look.v.1', 'smile.v.01']),
        ('canonical329', 329, ['look.v.01', 'smile.v.01']),
        ('raw359', 359, ['look.v.1', 'smlie.v.01']),
    ],
)
def test_vocabularies(mode, size, verbs, tmp_path, write_bensmot) -> None:
    edges = (('man0', 'woman0', 'look.v.1,smlie.v.01'),)
    write_bensmot(tmp_path / 'train/act/seq', edges=edges)
    samples, dataset = videos(tmp_path, vocabulary=mode)
    assert len(dataset.vocabulary) == len(dataset.metainfo['verbs']) == size
    assert samples['act/seq'].gt_interactions.verbs.tolist() == verbs


def test_flippable(root) -> None:
    assert load(root, metainfo=dict(flippable=True), num_frames=2)[0][
        'data_samples'
    ].flippable
    (root / 'synsmot.json').write_text('{"size": "mini"}')
    with pytest.raises(ValueError, match='synsmot.json.*left and right'):
        load(root, metainfo=dict(flippable=True))
    (root / 'synsmot.json').write_text('{"size": "mini", "flippable": true}')
    load(root, metainfo=dict(flippable=True), num_frames=2)


def test_bad_roots(root) -> None:
    with pytest.raises(ValueError, match="split must be one of.*'dev'"):
        load(root, split='dev')
    with pytest.raises(FileNotFoundError, match='test: no such folder'):
        load(root, split='test')
    with pytest.raises(FileNotFoundError, match=f"set data_root to '{root}'"):
        load(root / 'train')
    (root / 'test').mkdir()
    with pytest.raises(ValueError, match='no sequences in it'):
        load(root, split='test')


def test_workers(root) -> None:
    dataset = load(root, num_frames=3, pipeline=[dict(type='PackClip')])
    loader = torch_data.DataLoader(
        dataset,
        num_workers=2,
        batch_size=2,
        collate_fn=pseudo_collate,
        worker_init_fn=lambda i: worker_init_fn(i, 2, 0, 0),
    )
    (batch,) = loader
    assert len(batch['inputs']) == 3 and len(batch['inputs'][0]) == 2
    assert all('image' in vars(frame) for step in batch['inputs'] for frame in step)
    names = [sample.video.name for sample in batch['data_samples']]
    assert names == ['cooking/a', 'cooking/b']


@pytest.mark.parametrize('slot', ['bensmot', 'synsmot'])
def test_config_slots(slot, tmp_path, write_bensmot) -> None:
    for split in ('train', 'test'):
        write_bensmot(tmp_path / f'{split}/act/a', frames=tuple(range(1, 25)))
    config_dir = Path(__file__).parents[3] / 'configs/_base_/datasets'
    config = Config.fromfile(config_dir / f'{slot}.py')[slot]
    samples = {}
    for split in ('train', 'test'):
        options = dict(data_root=str(tmp_path), cache=False)
        samples[split] = DATASETS.build(config[split].dataset | options)[0]
    clip = samples['train']['inputs']
    assert len(clip) == config.train.dataset.num_frames
    sample = samples['train']['data_samples']
    height, width = clip[0].image.shape[:2]
    assert (sample.gt_trajectories.space.width, width) == (width, clip[0].video.width)
    assert height == (960 if slot == 'bensmot' else 48)
    assert isinstance(samples['test']['inputs'], VideoReader)
    assert len(samples['test']['data_samples'].frame_ids) == 24


def test_val_of_synsmot_is_read_as_its_test(tmp_path, write_bensmot) -> None:
    config_dir = Path(__file__).parents[3] / 'configs/_base_/datasets'
    slot = Config.fromfile(config_dir / 'synsmot.py').synsmot
    assert slot.val == slot.test | dict(dataset=slot.test.dataset | dict(split='val'))
    write_bensmot(tmp_path / 'val/act/a')
    options = dict(data_root=str(tmp_path), cache=False)
    (sample,) = DATASETS.build(slot.val.dataset | options)
    assert sample['data_samples'].frame_ids.tolist() == [1, 2, 3, 4, 5, 6]
