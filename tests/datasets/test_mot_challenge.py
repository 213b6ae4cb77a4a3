"""Tests of the MOTChallenge dataset: whole videos, clips, layouts, bad files."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

torch = pytest.importorskip('torch')
torch_data = pytest.importorskip('torch.utils.data')

from mmsmot.datasets import MOTChallengeDataset, VideoReader  # noqa: E402
from mmsmot.datasets.seeded_index import SeededIndex  # noqa: E402
from mmsmot.evaluation.gt_dataset import open_gt_dataset  # noqa: E402
from mmsmot.evaluation.tracking_metric import TrackingMetric  # noqa: E402
from mmsmot.models.detectors import DetectionFile  # noqa: E402
from mmsmot.models.training.clip_table import clip_detection_targets  # noqa: E402
from mmsmot.registry import DATASETS  # noqa: E402
from mmsmot.structures import CoordinateSpace  # noqa: E402


@pytest.fixture
def root(tmp_path: Path, write_sequence) -> Path:
    """Three sequences, the last without truth."""
    write_sequence(tmp_path / 'data/seq-b', num_frames=6)
    write_sequence(tmp_path / 'data/seq-a', num_frames=12)
    write_sequence(tmp_path / 'data/test-c', num_frames=5, gt=False)
    return tmp_path / 'data'


def load(root: Path, **options) -> MOTChallengeDataset:
    return DATASETS.build(
        dict(type='MOTChallengeDataset', data_root=str(root), **options)
    )


def test_mot17_mini(test_data: Path) -> None:
    dataset = load(test_data / 'data/MOT17-mini/train', test_mode=True)
    assert dataset.metainfo['classes'] == ('person',)
    names, frames, rows = [], 0, 0
    for sample in dataset:
        info = sample['data_samples'].video
        assert info == sample['inputs'].video
        gt = sample['data_samples'].gt_trajectories
        assert gt.space == CoordinateSpace(width=info.width, height=info.height)
        assert set(gt.frame_ids) == set(sample['data_samples'].frame_ids)
        names.append(info.name)
        frames += len(sample['data_samples'].frame_ids)
        rows += len(gt)
    assert names == sorted(names)
    assert (len(names), frames) == (7, 39)
    gt_files = (test_data / 'data/MOT17-mini/train').glob('*/gt/gt.txt')
    assert rows == sum(len(path.read_text().splitlines()) for path in gt_files)


def test_tud_world_coordinates_are_no_classes(test_data: Path) -> None:
    campus, stadtmitte = load(test_data / 'data/tud', test_mode=True)
    for sample, frames, boxes in ((campus, 71, 359), (stadtmitte, 179, 1156)):
        gt = sample['data_samples'].gt_trajectories
        assert len(sample['data_samples'].frame_ids) == frames
        assert len(gt) == boxes
        assert gt.labels.max() <= 0
        assert gt.visibility.max() == 1
        assert [frame.load for frame in sample['inputs']] == [None] * frames


def test_whole_videos(root, number_of) -> None:
    dataset = load(root, test_mode=True)
    samples = [dataset[index] for index in range(len(dataset))]
    assert [s['data_samples'].video.name for s in samples] == [
        'seq-a',
        'seq-b',
        'test-c',
    ]
    reader, sample = samples[1]['inputs'], samples[1]['data_samples']
    assert isinstance(reader, VideoReader)
    assert sample.frame_ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert [number_of(frame.image) for frame in reader] == [1, 2, 3, 4, 5, 6]
    gt = sample.gt_trajectories
    assert len(gt) == 12  # every class and flag, for the evaluation to judge
    assert sorted(set(gt.labels.tolist())) == [1, 3]
    assert gt.boxes[0].tolist() == [1, 5, 11, 25]
    assert 'gt_trajectories' not in samples[2]['data_samples']
    assert samples[2]['inputs'].video.files['det'].endswith('test-c/det/det.txt')


def test_truth_is_cut_to_the_frames_that_are_read(root) -> None:
    for number in (1, 2, 5):
        (root / f'seq-b/img1/{number:06d}.png').unlink()
    sample = load(root, sequences=['seq-b'], test_mode=True)[0]['data_samples']
    assert sample.frame_ids.tolist() == [3, 4, 6]
    assert sample.gt_trajectories.frame_ids.tolist() == [3, 3, 4, 4, 6, 6]


@pytest.mark.parametrize(
    ('sequences', 'names'),
    [(['seq-b'], ['seq-b']), (['test-*', 'seq-a'], ['seq-a', 'test-c'])],
)
def test_chosen_sequences(root, sequences, names) -> None:
    dataset = load(root, sequences=sequences, test_mode=True)
    assert [s['data_samples'].video.name for s in dataset] == names


def test_unknown_sequence_lists_the_known(root) -> None:
    with pytest.raises(ValueError, match="'seq-x'.*There are: seq-a, seq-b, test-c"):
        load(root, sequences=['seq-x'], test_mode=True)


def test_clip(root, number_of) -> None:
    dataset = load(root, sequences=['seq-a'], num_frames=3, run_length=6)
    starts = set()
    for seed in range(20):
        clip = dataset[SeededIndex(0, (seed,))]
        ids = clip['data_samples'].frame_ids.tolist()
        assert [frame.frame_id for frame in clip['inputs']] == ids
        assert ids == sorted(set(ids)) and len(ids) == 3 and ids[-1] - ids[0] < 6
        assert [number_of(frame.image) for frame in clip['inputs']] == ids
        gt = clip['data_samples'].gt_trajectories
        assert gt.frame_ids.tolist() == ids  # the car is left out
        assert gt.ids.tolist() == [1, 1, 1]
        starts.add(ids[0])
    assert len(starts) > 3


def test_clip_without_gaps_by_default(root) -> None:
    clip = load(root, num_frames=4)[0]
    assert np.diff(clip['data_samples'].frame_ids).tolist() == [1, 1, 1]


def test_clips_follow_the_seed_of_their_index_alone(root) -> None:
    dataset = load(root, num_frames=2)

    def draw(seed: int, epoch: int = 0) -> list[int]:
        np.random.seed(0)  # as MMEngine does in each worker
        indices = [SeededIndex(i, (seed, epoch, i)) for i in (0, 1)] * 4
        return [int(dataset[i]['data_samples'].frame_ids[0]) for i in indices]

    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(5)}) > 1
    assert len({tuple(draw(1, epoch)) for epoch in range(5)}) > 1


def test_labels_are_indices_of_the_classes(root) -> None:
    """The class column counts from 1; of persons alone all are 0."""
    gt = root / 'seq-a/gt/gt.txt'
    gt.write_text('1,1,1,5,10,20,1,1,1\n1,2,1,25,10,20,1,3,1\n2,2,1,25,10,20,1,3,1\n')
    labels = []
    for classes in (('person',), ('person', 'on a vehicle', 'car')):
        dataset = load(
            root, sequences=['seq-a'], num_frames=12, metainfo=dict(classes=classes)
        )
        sample = dataset[0]['data_samples']
        inputs = [[frame] for frame in dataset[0]['inputs'][:2]]
        labels.append([t.tolist() for _, t in clip_detection_targets(inputs, [sample])])
    assert labels == [[[0], []], [[0, 2], [2]]]
    gt.write_text('1,1,1,5,10,20,1,-1,1\n')
    with pytest.raises(ValueError, match='of class -1, but the dataset has the 3'):
        dataset = load(
            root, sequences=['seq-a'], num_frames=12, metainfo=dict(classes=classes)
        )
        dataset[0]


def test_a_plain_index_draws_anew_each_time(root) -> None:
    dataset, starts = load(root, num_frames=2), set()
    for _ in range(20):
        np.random.seed(0)
        starts.add(int(dataset[0]['data_samples'].frame_ids[0]))
    assert len(starts) > 1


def test_transforms_of_others_draw_by_the_seed_too(root) -> None:
    """They take NumPy's global generator, which is as before afterwards."""

    def note(sample: dict) -> dict:
        random_numbers = (np.random.random(), random.random(), float(torch.rand(())))
        return dict(sample, random_numbers=random_numbers)

    dataset = load(root, num_frames=2, pipeline=[note])
    np.random.seed(5)
    expected = np.random.random(2).tolist()
    np.random.seed(5)
    random_numbers = [
        dataset[SeededIndex(0, (epoch,))]['random_numbers'] for epoch in (0, 1, 0)
    ]
    assert random_numbers[0] == random_numbers[2]
    assert all(
        a != b for a, b in zip(random_numbers[0], random_numbers[1], strict=True)
    )
    assert np.random.random(2).tolist() == expected


def test_training_leaves_out_what_gives_no_clip(root, logged) -> None:
    assert len(load(root, num_frames=7)) == 1
    (record,) = [r for r in logged if r.levelno == logging.WARNING]
    assert '2 of 3 sequences left out' in record.getMessage()
    assert 'seq-b, test-c' in record.getMessage()
    with pytest.raises(
        ValueError, match='every sequence has no truth or fewer than 50'
    ):
        load(root, num_frames=50)


def test_clip_longer_than_its_run(root) -> None:
    with pytest.raises(ValueError, match='num_frames=5 does not fit .*run_length=4'):
        load(root, num_frames=5, run_length=4)


@pytest.mark.parametrize('num_workers', [0, 2])
def test_data_loader(root, num_workers) -> None:
    loader = torch_data.DataLoader(
        load(root, test_mode=True),
        batch_size=2,
        num_workers=num_workers,
        collate_fn=pseudo_collate,
    )
    batches = list(loader)
    assert [len(batch['inputs']) for batch in batches] == [2, 1]
    reader = batches[0]['inputs'][1]
    assert [frame.frame_id for frame in reader] == [1, 2, 3, 4, 5, 6]
    assert len(batches[0]['data_samples'][1].gt_trajectories) == 12


def test_clips_are_collated_time_first(root) -> None:
    loader = torch_data.DataLoader(
        load(root, num_frames=3), batch_size=2, num_workers=1, collate_fn=pseudo_collate
    )
    (batch,) = loader
    assert [len(step) for step in batch['inputs']] == [2, 2, 2]
    for b, sample in enumerate(batch['data_samples']):
        ids = [step[b].frame_id for step in batch['inputs']]
        assert ids == sample.frame_ids.tolist()
        assert batch['inputs'][0][b].video.name == sample.video.name


def test_indices_and_lazy_init(root) -> None:
    assert len(load(root, test_mode=True, indices=2)) == 2
    dataset = load(root, test_mode=True, lazy_init=True)
    assert not dataset._fully_initialized
    dataset.full_init()
    assert len(dataset) == 3


def test_pipeline_sees_the_sample(root) -> None:
    def count(sample: dict) -> dict:
        return dict(sample, count=len(sample['inputs']))

    dataset = load(root, test_mode=True, pipeline=[count])
    assert [sample['count'] for sample in dataset] == [12, 6, 5]


def test_dirty_truth_is_repaired_and_told(root, logged) -> None:
    rows = [
        '3,1,1,5,10,20,1,1,1',
        '1,1,1,5,10,20,1,1,1',
        '1,1,2,5,10,20,1,1,1',
        '2,1,1,5,-10,20,1,1,1',
        '',
    ]
    (root / 'seq-a/gt/gt.txt').write_bytes(('\ufeff' + '\r\n'.join(rows)).encode())
    sample = load(root, sequences=['seq-a'], test_mode=True)[0]['data_samples']
    gt = sample.gt_trajectories
    assert gt.frame_ids.tolist() == [1, 3]
    assert gt.boxes[0].tolist() == [1, 5, 11, 25]
    messages = '\n'.join(record.getMessage() for record in logged)
    assert '1 of 4 rows without a proper box' in messages
    assert '1 of 3 rows with a (frame, id) seen before' in messages


def test_malformed_truth_names_file_and_line(root) -> None:
    (root / 'seq-a/gt/gt.txt').write_text('1,1,1,5,10,20\n2,1,x,5,10,20\n')
    with pytest.raises(ValueError, match=r'seq-a/gt/gt\.txt:2'):
        load(root, test_mode=True)


def test_missing_data_root(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere' is not a folder"):
        load(tmp_path / 'nowhere', test_mode=True)


def test_folder_without_sequences(root, tmp_path) -> None:
    (tmp_path / 'empty').mkdir()
    expected = r'Expected empty/<sequence>/ with seqinfo\.ini, img1'
    with pytest.raises(ValueError, match=expected):
        load(tmp_path / 'empty', test_mode=True)
    with pytest.raises(ValueError, match=r"There are some in '.*/data': set data_root"):
        load(tmp_path, test_mode=True)
    with pytest.raises(
        ValueError, match=r"a sequence itself: set data_root to '.*data'"
    ):
        load(root / 'seq-a', test_mode=True)


@pytest.mark.parametrize(
    ('folder', 'videos'), [('data/MOT17-mini/train', 7), ('data/tud', 2)]
)
def test_base_config(test_data, folder, videos) -> None:
    config_dir = Path(__file__).parents[2] / 'configs/_base_/datasets'
    dataset = Config.fromfile(config_dir / 'mot_challenge.py').mot_challenge.dataset
    dataset.data_root = str(test_data / folder)
    assert len(DATASETS.build(dataset)) == videos


@pytest.mark.parametrize('images_from', [0, 1])
@pytest.mark.parametrize('rows_from', [0, 1])
def test_a_box_stays_on_its_image_whatever_counts_from_0(
    tmp_path: Path, write_images, number_of, images_from: int, rows_from: int
) -> None:
    folder = tmp_path / 'data/a'
    write_images(folder / 'img1', [f'{images_from + k:06d}.png' for k in range(5)])
    # The box of the k-th image begins at x = k.
    rows = [f'{rows_from + k},1,{k + 1},5,10,20,1,1,1\n' for k in range(5)]
    for role in ('gt', 'det'):
        (folder / role).mkdir()
        (folder / role / f'{role}.txt').write_text(''.join(rows))
    sample = load(tmp_path / 'data', test_mode=True)[0]
    gt, detector = sample['data_samples'].gt_trajectories, DetectionFile()
    assert gt.frame_ids.tolist() == [1, 2, 3, 4, 5]
    for frame in sample['inputs']:
        number = number_of(frame.image)
        assert gt.boxes[gt.frame_ids == frame.frame_id][:, 0].tolist() == [number]
        assert detector.detect([frame])[0].boxes[:, 0].tolist() == [number]


def test_truth_beyond_the_video_is_told(root, logged) -> None:
    path = root / 'seq-b/gt/gt.txt'
    path.write_text('1,1,1,5,10,20,1,1,1\n7,1,1,5,10,20,1,1,1\n9,1,1,5,10,20,1,1,1\n')
    sample = load(root, sequences=['seq-b'], test_mode=True)[0]['data_samples']
    assert sample.gt_trajectories.frame_ids.tolist() == [1]
    (messages,) = [r for r in logged if 'gt.txt' in r.getMessage()]
    assert messages.levelname == 'WARNING'
    assert (
        '2 of 3 boxes stand in frames that seq-b does not have, the first in frame 7 '
        '(it has 6, the last is 6); left out'
    ) in messages.getMessage()


def test_without_images_the_rows_from_0_have_a_frame_each(tmp_path: Path) -> None:
    folder = tmp_path / 'data/a'
    folder.mkdir(parents=True)
    (folder / 'gt.txt').write_text('0,1,1,5,10,20\n4,1,1,5,10,20\n')
    sample = load(tmp_path / 'data', test_mode=True)[0]['data_samples']
    assert sample.frame_ids.tolist() == [1, 2, 3, 4, 5]
    assert sample.gt_trajectories.frame_ids.tolist() == [1, 5]


def test_halves_of_mot17_mini(test_data: Path) -> None:
    """The first T // 2 + 1 frames train, the others validate: as ByteTrack has it."""
    root = test_data / 'data/MOT17-mini/train'
    whole, train, val = (
        [sample['data_samples'] for sample in load(root, split=split, test_mode=True)]
        for split in (None, 'train_half', 'val_half')
    )
    lengths = [len(sample.frame_ids) for sample in whole]
    assert [len(sample.frame_ids) for sample in train] == [T // 2 + 1 for T in lengths]
    for all_frames, first, second in zip(whole, train, val, strict=True):
        assert all_frames.video == first.video == second.video
        parts = (first, second)
        for field in ('frame_ids', 'boxes', 'ids', 'scores', 'labels'):
            joined = np.concatenate([getattr(p.gt_trajectories, field) for p in parts])
            # Rows are sorted by frame, so that the halves are the whole one after the other.
            assert np.array_equal(joined, getattr(all_frames.gt_trajectories, field))
        frame_ids = np.concatenate([part.frame_ids for part in parts])
        assert np.array_equal(frame_ids, all_frames.frame_ids)


@pytest.mark.parametrize('split', ['val_half', 'val'])
@pytest.mark.parametrize('rows_from', [0, 1])
@pytest.mark.parametrize('images_from', [0, 1])
def test_half_keeps_frame_numbers_images_and_detections(
    tmp_path, write_images, number_of, logged, images_from, rows_from, split
) -> None:
    """The whole files tell how they count frames; nothing of them is missed."""
    folder = tmp_path / 'data/a'
    write_images(folder / 'img1', [f'{images_from + k:06d}.png' for k in range(7)])
    rows = [f'{rows_from + k},1,{k + 1},5,10,20,1,1,1\n' for k in range(7)]
    for role in ('gt', 'det'):
        (folder / role).mkdir()
        (folder / role / f'{role}.txt').write_text(''.join(rows))
    sample = load(tmp_path / 'data', split=split, test_mode=True)[0]
    gt, detector = sample['data_samples'].gt_trajectories, DetectionFile()
    assert sample['data_samples'].frame_ids.tolist() == [5, 6, 7]
    assert gt.frame_ids.tolist() == [5, 6, 7]
    assert [frame.frame_id for frame in sample['inputs']] == [5, 6, 7]
    assert sample['inputs'].num_frames == 3
    for frame in sample['inputs']:
        number = number_of(frame.image)
        assert number == frame.frame_id
        assert gt.boxes[gt.frame_ids == number][:, 0].tolist() == [number]
        assert detector.detect([frame])[0].boxes[:, 0].tolist() == [number]
    assert not any('left out' in record.getMessage() for record in logged)


@pytest.mark.parametrize('split', ['train_half', 'train_minus_val'])
def test_clips_are_drawn_from_the_half_alone(root, number_of, split) -> None:
    dataset = load(root, sequences=['seq-a'], split=split, num_frames=2, run_length=3)
    drawn = set()
    for seed in range(40):
        clip = dataset[SeededIndex(0, (seed,))]
        ids = clip['data_samples'].frame_ids.tolist()
        assert [number_of(frame.image) for frame in clip['inputs']] == ids
        drawn.update(ids)
    assert drawn == {1, 2, 3, 4, 5, 6, 7}


def test_sequences_too_short_for_halves(root, write_sequence, logged) -> None:
    write_sequence(root / 'one', num_frames=2)
    names = [
        s['data_samples'].video.name for s in load(root, split='val', test_mode=True)
    ]
    assert names == ['seq-a', 'seq-b', 'test-c']
    assert any("left out of split='val': one" in r.getMessage() for r in logged)
    with pytest.raises(
        ValueError, match="no sequence has the 3 frames that split='val'"
    ):
        load(root, sequences=['one'], split='val', test_mode=True)
    with pytest.raises(
        ValueError, match="split must be one of None, 'train_half'.*'dev'"
    ):
        load(root, split='dev')


def test_perfect_predictions_of_a_half_score_100(root) -> None:
    """Frames of the other half are no misses; predictions there are an error."""
    dataset, whole = (
        open_gt_dataset(data_root=root, split=split, sequences=['seq-a'])
        for split in ('val', 'test')
    )
    assert len(whole[0]['data_samples'].frame_ids) == 12
    sample = dataset[0]['data_samples']
    assert sample.frame_ids.tolist() == [8, 9, 10, 11, 12]
    gt = sample.gt_trajectories
    sample.set_field(
        gt[gt.scores > 0], 'pred_trajectories'
    )  # the car is not considered
    metric = TrackingMetric()
    metric.process({}, [sample.to_dict()])
    scores = metric.evaluate(1)
    assert (scores['track/HOTA'], scores['track/FN'], scores['track/FP']) == (100, 0, 0)
    all_frames = whole[0]['data_samples'].gt_trajectories
    sample.set_field(all_frames, 'pred_trajectories')
    with pytest.raises(ValueError, match='frames that were not tracked.*8 to 12'):
        metric.process({}, [sample.to_dict()])
