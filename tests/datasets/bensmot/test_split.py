"""Splits: a folder of one's own is taken, else val is a fixed tenth of train."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('torch')

from mmsmot.datasets import BenSMOTDataset  # noqa: E402
from mmsmot.datasets.bensmot.split import (  # noqa: E402
    dataset_splits,
    select_split,
    split_folder,
    val_from_train,
)
from mmsmot.datasets.converters.bensmot_folder import split_bensmot_folder_verbs  # noqa: E402
from mmsmot.evaluation.gt_dataset import open_gt_dataset  # noqa: E402
from mmsmot.evaluation.tracking_metric import TrackingMetric  # noqa: E402

# Activity 'a' of 12 sequences has one in val, 'b' of 2 and 'c' of 3 are five together.
NAMES = [
    *(f'a/{n:02d}' for n in range(12)),
    *(f'b/{n:02d}' for n in range(2)),
    *(f'c/{n:02d}' for n in range(3)),
]
VAL = ['a/11', 'b/01']


@pytest.fixture(scope='module')
def bensmot(tmp_path_factory) -> Path:
    """Seventeen sequences without images to train on, two to test on."""
    root = tmp_path_factory.mktemp('split') / 'data'
    for name in (*(f'train/{name}' for name in NAMES), 'test/a/20', 'test/b/20'):
        folder = root / name
        (folder / 'gt').mkdir(parents=True)
        rows = [f'{frame},1,{frame},5,10,20,1,1,1\n' for frame in (1, 2, 3)]
        (folder / 'gt/gt.txt').write_text(''.join(rows))
        (folder / 'instance_captions.txt').write_text('man0: A man waves.\n')
        (folder / 'video_caption.txt').write_text(f'Video {folder.name}.\n')
    return root


def _names(root: Path, split: str, **options) -> list[str]:
    dataset = BenSMOTDataset(
        data_root=str(root),
        split=split,
        test_mode=True,
        described_only=False,
        **{'cache': False, **options},
    )
    return [dataset[i]['data_samples'].video.name for i in range(len(dataset))]


def test_the_rule_is_that_of_the_docs() -> None:
    """CRC-32 is the same everywhere; the digest is of names sorted by another program."""
    assert zlib.crc32(b'a/11') == min(zlib.crc32(n.encode()) for n in NAMES[:12])
    assert sorted(val_from_train(NAMES)) == VAL
    names = [f'act{n % 7}/{n:04d}' for n in range(1000)]
    val = val_from_train(names)
    assert (
        len(val) == 7 * 14
    )  # (143 + 5) // 10 of six activities, (142 + 5) // 10 of one
    assert zlib.crc32('\n'.join(sorted(val)).encode()) == 0x97E08442


@given(
    st.lists(st.tuples(st.sampled_from('abcde'), st.integers(0, 400)), unique=True).map(
        lambda pairs: [f'{activity}/{number}' for activity, number in pairs]
    ),
    st.randoms(use_true_random=False),
)
def test_each_activity_gives_its_share_in_any_order(names, random) -> None:
    val = val_from_train(names)
    assert val <= set(names)
    shuffled = list(names)
    random.shuffle(shuffled)
    assert val_from_train(shuffled) == val
    counts = Counter(name[0] for name in names)
    shares = Counter(name[0] for name in val)
    few = [activity for activity, count in counts.items() if count < 5]
    for activity in counts.keys() - few:
        assert shares[activity] == (counts[activity] + 5) // 10
    assert sum(shares[a] for a in few) == (sum(counts[a] for a in few) + 5) // 10


def test_val_and_what_is_left_are_train(bensmot, logged) -> None:
    val = _names(bensmot, 'val')
    assert val == VAL
    (message,) = [r.getMessage() for r in logged if 'no folder val' in r.getMessage()]
    assert '2 of the 17 sequences of train' in message
    assert "split='train_minus_val'" in message
    assert _names(bensmot, 'val_from_train') == val
    train_names = _names(bensmot, 'train_minus_val')
    assert sorted(train_names + val) == _names(bensmot, 'train') == sorted(NAMES)
    assert dataset_splits(bensmot) == ['train', 'test']
    assert dataset_splits(bensmot / 'train') == [
        'train',
        'test',
    ]  # to be named in the error


def test_patterns_choose_within_the_split(bensmot) -> None:
    assert _names(bensmot, 'val', sequences=['b/*']) == ['b/01']
    with pytest.raises(ValueError, match=r"no sequence is named 'a/00'.*a/11, b/01"):
        _names(bensmot, 'val', sequences=['a/00'])


def test_the_index_of_train_serves_both_parts(bensmot, tmp_path) -> None:
    cache = tmp_path / 'index.npz'
    assert len(_names(bensmot, 'train', cache=str(cache))) == 17
    written = cache.stat().st_mtime_ns
    for split in ('val', 'train_minus_val', 'train'):
        _names(bensmot, split, cache=str(cache))
    assert cache.stat().st_mtime_ns == written


def test_a_val_of_its_own_is_taken(bensmot, write_bensmot, tmp_path) -> None:
    root = tmp_path / 'data'
    root.mkdir()
    (root / 'train').symlink_to(bensmot / 'train')
    write_bensmot(root / 'val/z/1')
    assert _names(root, 'val') == ['z/1']
    assert _names(root, 'train_minus_val') == _names(root, 'train') == sorted(NAMES)
    with pytest.raises(ValueError, match="has a val of its own: take split='val'"):
        _names(root, 'val_from_train')
    assert dataset_splits(root) == ['train', 'val']


def test_the_val_of_a_synsmot_is_not_derived(bensmot, tmp_path) -> None:
    root = tmp_path / 'data'
    root.mkdir()
    (root / 'train').symlink_to(bensmot / 'train')
    facts = {'size': 'small', 'seed': 7, 'version': 2}
    (root / 'synsmot.json').write_text(json.dumps(facts))
    with pytest.raises(
        ValueError,
        match=r'version 2 of SynSMOT has no val\. .*make_synsmot\.py --size small '
        r"--seed 7 --out DIR\. .*split='val_from_train' .*split='train_minus_val'",
    ):
        _names(root, 'val')
    assert _names(root, 'val_from_train') == VAL
    assert len(_names(root, 'train_minus_val')) == 15
    (root / 'synsmot.json').write_text(json.dumps(facts | {'version': 3}))
    with pytest.raises(ValueError, match=f'not made yet.*--seed 7 --out {root}$'):
        _names(root, 'val')


def test_too_few_to_derive_from(tmp_path) -> None:
    names = ['a/1', 'b/1', 'c/1', 'd/1']
    (tmp_path / 'train').mkdir()
    for split in ('val', 'train_minus_val'):
        with pytest.raises(
            ValueError, match='4 sequences are too few .*/val/<activity>'
        ):
            select_split(tmp_path, split, names)
    assert select_split(tmp_path, 'val', [*names, 'e/1']) == ['e/1']


def test_a_folder_without_train_has_no_val(tmp_path) -> None:
    (tmp_path / 'test').mkdir()
    assert split_folder(tmp_path, 'val') == 'val'
    with pytest.raises(FileNotFoundError, match='val: no such folder'):
        _names(tmp_path, 'val')


def test_evaluation_finds_the_derived_val(bensmot) -> None:
    """Its gt scored as a prediction is perfect; no other video is asked for."""
    dataset, metric = open_gt_dataset(data_root=bensmot, split='val'), TrackingMetric()
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples']
        sample.set_field(sample.gt_trajectories, 'pred_trajectories')
        metric.process({}, [sample.to_dict()])
    scores = metric.evaluate(len(dataset))
    assert (len(dataset), scores['track/HOTA'], scores['track/FN']) == (2, 100, 0)


def test_verbs_of_a_derived_val(bensmot, write_bensmot, tmp_path) -> None:
    for number in range(6):
        edges = (('man0', 'woman0', f'verb{number}'),)
        write_bensmot(tmp_path / f'data/train/a/{number}', edges=edges)
    ((name),) = val_from_train(f'a/{number}' for number in range(6))
    assert split_bensmot_folder_verbs(tmp_path / 'data', 'val') == [f'verb{name[-1]}']
    assert len(split_bensmot_folder_verbs(tmp_path / 'data', 'train_minus_val')) == 5
