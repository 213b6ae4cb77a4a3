"""Episodes of other targets: what counts, and that adapting to them can pay."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.datasets.image_sequence import ImageSequence
from mmsmot.structures import VideoInfo
from mmsmot.utils.checkpoint import save_weights
from projects.semtracker.datasets.verb_balanced_sampler import (
    VerbBalancedSampler,
    verb_pools,
)
from projects.semtracker.models.branch_on_episodes import (
    BranchOnEpisodes,
    encoded_frames,
)
from projects.semtracker.models.episode_store import EpisodeStore
from projects.semtracker.models.meta_learning import MetaLearning
from projects.semtracker.models.other_target_episodes import OtherTargetEpisodes
from projects.semtracker.tests.shining_episodes import write_shining_episodes
from projects.semtracker.tools import compare_meta
from projects.semtracker.tools.compare_heads import Schedule as BranchSchedule
from projects.semtracker.tools.compare_heads import trained as trained_branch

FRAMES, NUM_VIDEOS = 8, 20


def swapping_store(folder: Path, seed: int) -> EpisodeStore:
    """Videos of two targets whose verb shines from their tokens, in half of them swapped.

    What channel 0 and 1 mean follows from the video, and is seen in its labels alone: no
    head can know it without the support.
    """
    rng = np.random.default_rng(seed)
    num_rows = 2 * NUM_VIDEOS * FRAMES
    channels = rng.integers(0, 2, num_rows)
    video = np.repeat(np.arange(NUM_VIDEOS), 2 * FRAMES)
    return write_shining_episodes(
        folder,
        rng,
        verbs=1 + np.where(video % 2 == 0, channels, 1 - channels),
        channels=channels,
        noise=0.1,
        starts=np.arange(0, num_rows + 1, FRAMES),
        names=np.repeat(np.arange(NUM_VIDEOS), 2).astype(str),
        partners=np.full((num_rows, 2), -1),
        frame_ids=np.tile(np.arange(1, FRAMES + 1), 2 * NUM_VIDEOS),
    )


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('episodes')
    stores = [swapping_store(folder / s, k) for k, s in enumerate(('train', 'val'))]
    model = trained_branch('plain', 0, stores[0], BranchSchedule(1, 2, 8, 1e-3))
    save_weights(model, folder / 'encoder.safetensors')
    return folder


def test_support_and_query_share_no_target_and_no_frame(tmp_path: Path) -> None:
    store = swapping_store(tmp_path / 'train', 0)
    names, frame_ids = store.columns['names'], store.columns['frame_ids'].copy()
    names[39] = 'alone'
    # The first target is there in the first half of its video alone.
    frame_ids[:FRAMES] = np.arange(-FRAMES + 1, 1)
    store.columns |= dict(names=names, frame_ids=frame_ids)
    frames = torch.arange(len(frame_ids)).float()[:, None].repeat(1, 3)
    episodes = OtherTargetEpisodes(store, frames)
    # Nobody else is in the video of targets 38 and 39; for target 0 nothing is judged.
    assert episodes.queries.tolist() == [*range(1, 38)]
    support, query, all_frames = episodes.batch([2, 5])
    assert support.frames.shape == (2, 1, 4, 3) and query.frames.shape == (2, 1, 8, 3)
    assert support.mask.all()
    assert query.mask.int().tolist() == [[[0, 0, 0, 0, 1, 1, 1, 1]]] * 2
    rows = support.frames[..., 0].long()
    assert rows[0, 0].tolist() == [24, 25, 26, 27]  # target 3
    assert rows[1, 0].tolist() == [32, 33, 34, 35]  # target 4
    np.testing.assert_array_equal(support.verbs, store.columns['verbs'][rows])
    assert all_frames.frames[0, :, 0, 0].tolist() == [16, 24, 40, 32]
    labels = episodes.support_labels(2)
    np.testing.assert_array_equal(labels, store.columns['verbs'][24:28])
    np.testing.assert_array_equal(
        episodes.query_labels(2), query.verbs[0, 0][query.mask[0, 0]]
    )


def test_the_outer_loss_is_that_of_adapted_heads_one_by_one(root: Path) -> None:
    store = EpisodeStore(root / 'val')
    torch.manual_seed(0)
    episodes = OtherTargetEpisodes(store, torch.randn(len(store.tokens), 96))
    branch = BranchOnEpisodes(8, {}).branch
    support, query, _ = episodes.batch([0, 7, 12])
    meta = MetaLearning(inner_lr=0.2)
    losses = []
    for k in range(3):
        single = episodes.batch([[0, 7, 12][k]])
        losses.append(meta.outer_loss(branch.head, *single[:2]))
    batch_loss = meta.outer_loss(branch.head, support, query)
    torch.testing.assert_close(batch_loss, torch.stack(losses).mean())
    logits = meta.adapted_logits(branch.head, support, query.frames)
    assert logits.shape[:4] == (3, 1, 8, 2)
    unadapted_logits = MetaLearning(inner_lr=1e-9).adapted_logits(
        branch.head, support, query.frames
    )
    plain, _ = branch.head(query.frames[:, 0])
    torch.testing.assert_close(unadapted_logits[:, 0], plain, atol=1e-5, rtol=1e-5)
    assert (logits - unadapted_logits).abs().max() > 1e-3


def test_vectors_are_kept_by_encoder(root: Path) -> None:
    store = EpisodeStore(root / 'val')
    model, path = BranchOnEpisodes(8, {}), root / 'encoder.safetensors'
    vectors = encoded_frames(model, store, path)
    (file,) = store.folder.glob('vectors_*.npy')
    np.save(file, vectors.numpy() + 1)
    torch.testing.assert_close(encoded_frames(model, store, path), vectors + 1)
    file.write_bytes(file.read_bytes()[:100])  # cut short: made anew
    torch.testing.assert_close(encoded_frames(model, store, path), vectors)
    file.unlink()


def test_only_a_head_that_learnt_to_adapt_tells_swapped_verbs(
    root: Path, tmp_path: Path, run_tool, capsys
) -> None:
    out = tmp_path / 'meta.json'
    options = ('--episodes', root, '--encoder', root / 'encoder.safetensors')
    options += ('--steps', 60, '--batch', 6, '--lr', 3e-3, '--seeds', 0, '--out', out)
    options += ('--variants', 'plain', 'second-order', '--test-lrs', 0.1)
    run_tool(compare_meta, *options)
    content = json.loads(out.read_text())
    plain, second = (content[f'{v}/0']['val'] for v in ('plain', 'second-order'))
    assert max(plain['none']['micro'], second['none']['micro']) < 0.7  # it is a coin
    assert second['support@0.1']['micro'] > plain['support@0.1']['micro'] + 0.1
    floors = content['floor/0']['val']
    assert max(part['micro'] for part in floors.values()) < 0.7
    assert second['support@0.1']['micro'] > 0.8
    printed = capsys.readouterr().out
    assert '| val | second-order - plain | support | 1 |' in printed
    run_tool(compare_meta, *options)  # nothing is done again
    assert json.loads(out.read_text()) == content
    with pytest.raises(ValueError, match='plain/0 was made with schedule'):
        run_tool(compare_meta, *options, '--steps', 7)


def test_most_frequent_classes_and_gains_by_hand() -> None:
    assert compare_meta.most_frequent(np.array([3, -1, 3, 1, -1, -1])) == 3
    assert compare_meta.most_frequent(np.array([-1])) == 0
    scores = {
        f'{name}/{seed}': dict(
            test_lrs=[0.1, 0.3],
            val={
                'none': dict(micro=0.1, tail=0.0),
                'self': dict(micro=0.1, tail=0.0),
                'support@0.1': dict(micro=0.2 + gain, tail=gain),
                'support@0.3': dict(micro=0.1, tail=1.0),
            },
        )
        for name, gains in (('plain', (0.0, 0.1)), ('first-order', (0.3, 0.2)))
        for seed, gain in enumerate(gains)
    }
    lines = compare_meta.table(scores, ['val']).splitlines()
    # Gains .3 and .1 of two seeds: mean 20, standard error 10.
    gain = next(line for line in lines if 'first-order - plain | support' in line)
    assert gain == (
        '| val | first-order - plain | support | 2 | 20.0 ± 10.0 | nan ± nan | nan ± nan '
        '| nan ± nan | 20.0 ± 10.0 |'
    )
    assert any('| plain | support@0.1 | 2 | 25.0 ± 5.0' in line for line in lines)


class EpisodesOf:
    """A dataset of episodes by the frames of their verbs and by video."""

    def __init__(self, frames: list[dict], videos: list[str], monkeypatch) -> None:
        self.videos = videos
        module = sys.modules[VerbBalancedSampler.__module__]
        monkeypatch.setattr(module, 'subject_frames', lambda number: frames[number])

    def __len__(self) -> int:
        return len(self.videos)

    def get_data_info(self, number: int) -> dict:
        video = VideoInfo(self.videos[number], self.videos[number])
        return dict(gt=number, video=ImageSequence(video, np.arange(1, 3)))


def test_a_sampler_that_draws_a_verb_first(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [dict(a=9)] * 90 + [dict(a=1, b=5)] * 9 + [{}]
    assert [len(pool) for pool in verb_pools(frames)] == [90, 9, 1]

    dataset = EpisodesOf(frames, [f'v{k // 4}' for k in range(100)], monkeypatch)
    sampler, resumed_sampler, pairs = (
        VerbBalancedSampler(dataset=dataset, seed=3, targets_per_video=count)
        for count in (1, 1, 2)
    )
    drawn_episodes = [next(draws) for draws in [iter(sampler)] for _ in range(600)]
    shares = np.bincount(np.digitize(drawn_episodes, [90, 99]), minlength=3) / 600
    assert (abs(shares - 1 / 3) < 0.06).all()
    resumed_sampler.skip(17)  # a resumed training goes on
    draws = iter(resumed_sampler)
    assert [next(draws) for _ in range(50)] == drawn_episodes[17:67]
    # The first of two of a video is the one that is drawn alone.
    draws = iter(pairs)
    pair_list = [(next(draws), next(draws)) for _ in range(50)]
    assert [first_one for first_one, _ in pair_list] == drawn_episodes[:50]
    assert all(a // 4 == b // 4 and a != b for a, b in pair_list)
    # Where there is no second one, another is drawn.
    lonely_targets = EpisodesOf([{}] * 3, ['a', 'b', 'c'], monkeypatch)
    draws = iter(
        VerbBalancedSampler(dataset=lonely_targets, seed=0, targets_per_video=2)
    )
    assert {next(draws) for _ in range(40)} == {0, 1, 2}
    # Where a video has one target, as SemTrack's, another clip of it is drawn.
    repeating_sampler = VerbBalancedSampler(
        dataset=lonely_targets, seed=0, targets_per_video=2, repeat_targets=True
    )
    draws = iter(repeating_sampler)
    pair_list = [(next(draws), next(draws)) for _ in range(40)]
    assert all(a == b for a, b in pair_list) and {*pair_list} == {
        (0, 0),
        (1, 1),
        (2, 2),
    }
