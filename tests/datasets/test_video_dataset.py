"""Tests of what datasets of videos share: clips by stride, samplers of many ranks."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch_data = pytest.importorskip('torch.utils.data')

from mmengine.dataset import DefaultSampler, InfiniteSampler, sampler  # noqa: E402
from torch.utils.data.distributed import DistributedSampler  # noqa: E402

from mmsmot.datasets import BenSMOTDataset, MOTChallengeDataset  # noqa: E402
from mmsmot.structures import Prompt  # noqa: E402
from mmsmot.utils.command_line import run_tool  # noqa: E402


@pytest.fixture
def root(tmp_path: Path, write_bensmot) -> Path:
    """Three videos."""
    for name in 'abc':
        write_bensmot(tmp_path / f'train/act/{name}', frames=tuple(range(1, 13)))
    return tmp_path


def load(root: Path, **options) -> BenSMOTDataset:
    return BenSMOTDataset(data_root=str(root), cache=False, **options)


def test_stride(root, number_of) -> None:
    dataset = load(root, num_frames=4, stride=3)
    assert dataset.run_length == 10
    starts = set()
    for _ in range(30):
        clip = dataset[0]
        ids = clip['data_samples'].frame_ids
        assert np.diff(ids).tolist() == [3, 3, 3]
        assert [number_of(frame.image) for frame in clip['inputs']] == ids.tolist()
        starts.add(int(ids[0]))
    assert starts == {1, 2, 3}


def test_stride_counts_frames_of_the_video_not_numbers(tmp_path, write_bensmot) -> None:
    write_bensmot(tmp_path / 'train/act/a', frames=(1, 2, 4, 6, 9))
    clip = load(tmp_path, num_frames=3, stride=2)[0]
    assert clip['data_samples'].frame_ids.tolist() == [1, 4, 9]
    assert set(clip['data_samples'].gt_trajectories.frame_ids) == {1, 4, 9}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(stride=2, run_length=9), 'stride of 1 or more .* not both'),
        (dict(stride=0), 'stride must be a whole number of 1 or more, or None, got 0'),
    ],
)
def test_stride_alone(root, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        load(root, num_frames=2, **options)


def test_a_clip_of_the_whole_video(root) -> None:
    dataset = load(root, num_frames=5, run_length='video')
    frames_of: list[set[int]] = [set() for _ in range(5)]
    for _ in range(60):
        ids = dataset[0]['data_samples'].frame_ids.tolist()
        for part, frame_id in zip(frames_of, ids, strict=True):
            part.add(frame_id)
    assert frames_of == [{1, 2}, {3, 4, 5}, {6, 7}, {8, 9, 10}, {11, 12}]
    with pytest.raises(ValueError, match="frames or 'video', got 'vidoe'"):
        load(root, run_length='vidoe')


def test_every_second_frame_of_the_whole_video(root) -> None:
    dataset = load(root, num_frames=3, run_length='video', stride=2)
    frames_of: list[set[int]] = [set() for _ in range(3)]
    for _ in range(60):
        ids = dataset[0]['data_samples'].frame_ids.tolist()
        for part, frame_id in zip(frames_of, ids, strict=True):
            part.add(frame_id)
    assert frames_of == [{1, 3}, {5, 7}, {9, 11}]


def test_too_short_for_the_stride(root) -> None:
    with pytest.raises(ValueError, match='fewer than 13 frames'):
        load(root, num_frames=5, stride=3)


@pytest.mark.parametrize('world', [1, 2, 3, 8])
@pytest.mark.parametrize('test_mode', [False, True])
def test_torch_sampler_with_few_videos(world, test_mode, root) -> None:
    dataset = load(root, test_mode=test_mode, num_frames=2)
    rank_names = []
    for rank in range(world):
        part = DistributedSampler(dataset, world, rank, shuffle=True, seed=1)
        rank_names.append([dataset[i]['data_samples'].video.name for i in part])
    assert {len(names) for names in rank_names} == {-(-3 // world)}
    counts = Counter(name for names in rank_names for name in names)
    assert set(counts) == {'act/a', 'act/b', 'act/c'}


@pytest.mark.parametrize('world', [2, 8])
@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
def test_mmengine_samplers_with_few_videos(kind, world, root, monkeypatch) -> None:
    dataset = load(root, num_frames=2)
    rank_names: Counter[str] = Counter()
    for rank in range(world):
        monkeypatch.setattr(sampler, 'get_dist_info', lambda rank=rank: (rank, world))
        part = kind(dataset, shuffle=True, seed=3)
        names = [dataset[i]['data_samples'].video.name for i in islice(part, 6)]
        assert len(names) >= 1
        rank_names.update(names)
    assert set(rank_names) == {'act/a', 'act/b', 'act/c'}


def test_a_rank_without_a_video(root, monkeypatch) -> None:
    """Testing must not see a video twice; a rank may go without one."""
    dataset = load(root, test_mode=True)
    names = []
    for rank in range(8):
        monkeypatch.setattr(sampler, 'get_dist_info', lambda rank=rank: (rank, 8))
        part = DefaultSampler(dataset, shuffle=False, round_up=False)
        loader = torch_data.DataLoader(
            dataset, sampler=part, collate_fn=lambda batch: batch
        )
        names += [batch[0]['data_samples'].video.name for batch in loader]
    assert names == ['act/a', 'act/b', 'act/c']


def test_an_unreadable_image_in_a_worker_ends_in_one_line(
    tmp_path, write_sequence, capsys
) -> None:
    folder = write_sequence(tmp_path / 'a')
    (folder / 'img1/000003.png').write_bytes(b'no image')
    dataset = MOTChallengeDataset(
        str(tmp_path), num_frames=6, pipeline=[dict(type='PackClip')]
    )
    loader = torch_data.DataLoader(dataset, num_workers=1, collate_fn=list)
    with pytest.raises(SystemExit) as end:
        run_tool(lambda: list(loader) and None)
    message = capsys.readouterr().err or str(end.value)
    assert message.strip().count('\n') == 0
    assert f'{folder}/img1/000003.png: not an image that OpenCV can read' in message


class PromptDataset(BenSMOTDataset):
    """Each video with two prompts."""

    def load_data_list(self) -> list[dict]:
        prompts = Prompt('a man'), Prompt('a woman')
        return [
            {**info, 'prompt': p} for info in super().load_data_list() for p in prompts
        ]


@pytest.mark.parametrize('test_mode', [False, True])
def test_a_sample_is_a_video_and_a_prompt(root, test_mode: bool) -> None:
    options = dict(data_root=str(root), split='train', num_frames=2)
    dataset = PromptDataset(**options, test_mode=test_mode)
    plain = BenSMOTDataset(**options, test_mode=test_mode)
    assert len(dataset) == 2 * len(plain)
    texts = [dataset[i]['data_samples'].prompt.text for i in range(2)]
    assert texts == ['a man', 'a woman']
    assert 'prompt' not in plain[0]['data_samples']
