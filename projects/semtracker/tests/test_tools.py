"""Cached episodes are what the model sees, and heads are compared on them fairly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.engine import load_config
from mmsmot.models.training.feature_cache import FeatureCache
from mmsmot.registry import build_part
from mmsmot.structures import Trajectories, write_trajectories
from projects.semtracker.datasets.episode_labels import frame_labels, verb_frames
from projects.semtracker.datasets.interaction_classes import VERBS
from projects.semtracker.datasets.semtrack_episodes import target_events
from projects.semtracker.datasets.semtrack_json import read_semtrack_json
from projects.semtracker.datasets.semtrack_mot import read_semtrack_mot
from projects.semtracker.datasets.synsmot_episodes import SynSMOTEpisodes
from projects.semtracker.models.episode_store import EpisodeStore
from projects.semtracker.tests.shining_episodes import write_shining_episodes
from projects.semtracker.tools import (
    cache_episodes,
    compare_heads,
    convert_synsmot,
    episode_statistics,
    score_targets,
)


def synthetic_store(folder: Path, seed: int, count: int = 24) -> EpisodeStore:
    """Targets whose verb of 1 to 4 shines from one channel of their tokens."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(6, 12, count)
    starts = np.concatenate([[0], lengths.cumsum()])
    channels = np.repeat(rng.choice(4, count, p=[0.55, 0.25, 0.15, 0.05]), lengths)
    return write_shining_episodes(
        folder,
        rng,
        verbs=channels + 1,
        channels=channels,
        noise=0.3,
        starts=starts,
        names=np.arange(count).astype(str),
        partners=np.stack([channels * 0 + 1, channels * 0 - 1], axis=1),
        frame_ids=np.arange(starts[-1]),
    )


@pytest.fixture(scope='module')
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('episodes')
    for seed, split in enumerate(('train', 'val')):
        synthetic_store(root / split, seed)
    return root


def test_heads_learn_and_runs_are_kept(
    stores: Path, tmp_path: Path, run_tool, capsys
) -> None:
    out, encoder = tmp_path / 'scores.json', tmp_path / 'encoder.safetensors'
    common = ('--episodes', stores, '--batch', 6, '--frames', 8, '--lr', 3e-3)
    run_tool(compare_heads, *common, '--steps', 25, '--save', encoder, '--out', out)
    first_scores = json.loads(out.read_text())
    assert first_scores['plain/0']['val']['f1_micro'] > 0.9
    repeated_path = tmp_path / 'again.json'
    run_tool(compare_heads, *common, '--steps', 25, '--out', repeated_path)
    assert (
        json.loads(repeated_path.read_text())['plain/0']['val']
        == first_scores['plain/0']['val']
    )
    assert first_scores['plain/0']['val']['swapped'] == 0  # nobody is an object here
    capsys.readouterr()
    options = (*common, '--steps', 3, '--seeds', 0, 1, '--out', tmp_path / 'two.json')
    run_tool(compare_heads, *options)
    content = (tmp_path / 'two.json').read_text()
    run_tool(compare_heads, *options)
    assert (tmp_path / 'two.json').read_text() == content  # nothing is done again
    printed = capsys.readouterr().out
    assert '| val | plain | 2 |' in printed and '±' in printed


def test_stale_scores_are_refused_and_saved_weights_written(
    stores: Path, tmp_path: Path, run_tool
) -> None:
    out, encoder = tmp_path / 'scores.json', tmp_path / 'encoder.safetensors'
    common = ('--episodes', stores, '--batch', 4, '--frames', 8, '--out', out)
    run_tool(compare_heads, *common, '--steps', 1)
    with pytest.raises(
        ValueError, match=r"plain/0 was made with schedule \{'steps': 1"
    ):
        run_tool(compare_heads, *common, '--steps', 2)
    # The scores are there, the weights are not.
    run_tool(compare_heads, *common, '--steps', 1, '--save', encoder)
    assert encoder.exists()
    # A split that is not there yet.
    run_tool(compare_heads, *common, '--steps', 1, '--splits', 'val', 'train')
    run = json.loads(out.read_text())['plain/0']
    assert 'f1_micro' in run['val'] and 'f1_micro' in run['train']


def test_windows_follow_seed_and_step_and_balance_verbs(stores: Path) -> None:
    store = EpisodeStore(stores / 'train')
    sampler = compare_heads.WindowSampler(store, 3, balanced=True)
    assert sampler.windows(5, 20, 4) == sampler.windows(5, 20, 4)
    assert sampler.windows(5, 20, 4) != sampler.windows(6, 20, 4)
    shares = {}
    for balanced in (True, False):
        sampler = compare_heads.WindowSampler(store, 0, balanced)
        rarest = [
            store.verbs_of(e)[0, 0]
            for s in range(60)
            for e, _, _ in sampler.windows(s, 8, 4)
        ]
        shares[balanced] = np.bincount(rarest, minlength=5)[1:] / len(rarest)
    assert shares[True].max() < 0.45 and shares[False].max() > 0.45
    for episode, first, count in sampler.windows(0, 50, 4):
        assert first >= 0 and first + count <= store.length(episode)


def test_cached_tokens_are_the_models(synsmot: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = load_config('projects/semtracker/configs/semtracker_tiny_synsmot')
    estimator = build_part(config.model.estimator).eval()
    dataset = SynSMOTEpisodes(
        data_root=str(synsmot),
        sequences=['throwing_a_ball/*'],
        split='val',
        test_mode=True,
        cache=str(synsmot / 'index.npz'),
    )
    cache = FeatureCache(tmp_path / 'features', estimator.detector)
    folder = tmp_path / 'val'
    folder.mkdir()
    cache_episodes.write_episodes(dataset, estimator, cache, folder)
    store = EpisodeStore(folder)
    assert len(store) == len(dataset)
    sample = dataset[1]
    gt = sample['data_samples'].gt_trajectories
    batch = store.batch([(1, 0, store.length(1))])
    assert batch.mask.all() and batch.tokens.shape[1] == len(gt)
    frame = next(iter(sample['inputs']))
    with torch.no_grad():
        features = estimator.detector.extract([frame])
        boxes = torch.from_numpy(gt.boxes[gt.frame_ids == frame.frame_id])
        expected = estimator.context(
            estimator.shared,
            features,
            torch.zeros(len(boxes), dtype=torch.int64),
            boxes,
        )
    row = int(np.flatnonzero(gt.frame_ids == frame.frame_id)[0])
    torch.testing.assert_close(batch.tokens[0, row], expected[0], atol=0.02, rtol=0.01)


def test_a_missing_store_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='cache_episodes.py'):
        EpisodeStore(tmp_path)


def test_statistics_by_the_tool(synsmot: Path, capsys, run_tool) -> None:
    run_tool(episode_statistics, synsmot, '--splits', 'train', '--index', synsmot)
    printed = capsys.readouterr().out
    assert '| train | 4 | ' in printed and 'head to tail' in printed
    # In either role, as compare_heads.py and the configs group the verbs.
    labels = np.array([[1, 0], [0, 1], [2, 3], [-1, 0]])
    assert verb_frames(labels, 'abc') == dict(a=2, b=1, c=1)
    dataset = SynSMOTEpisodes(
        data_root=str(synsmot), test_mode=True, cache=str(synsmot / 'index.npz')
    )
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    num_frames = 0
    for info in infos:
        frame_ids = info['gt'].trajectories.frame_ids
        verbs, _ = frame_labels(info['gt'].interactions, frame_ids, VERBS, ())
        num_frames += int((verbs == 1 + VERBS.index('give.v.03')).sum())
    assert num_frames and f'| {num_frames:,} |' in printed.split('| give.v.03 |')[1]


def test_synsmot_in_semtracks_formats(synsmot: Path, tmp_path: Path, run_tool) -> None:
    path, root = tmp_path / 'train.json', tmp_path / 'mot'
    options = ('--split', 'train', '--json', path, '--mot', root)
    run_tool(convert_synsmot, synsmot, *options, '--index', synsmot / 'index.npz')
    content = read_semtrack_json(path, strict=True)
    dataset = SynSMOTEpisodes(
        data_root=str(synsmot), test_mode=True, cache=str(synsmot / 'index.npz')
    )
    assert len(content.queries) == len(dataset)
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    for query, info in zip(content.queries, infos, strict=True):
        target = query.tracks[query.tracks.is_main]
        np.testing.assert_allclose(target.boxes, info['gt'].trajectories.boxes)
        events = target_events(query, content.categories, content.relations)
        assert {*events.verbs.tolist()} == {*info['gt'].interactions.verbs.tolist()}
    queries = read_semtrack_mot(root, root / 'seqmap.txt')
    assert [len(q.tracks) for q in queries] == [
        len(i['gt'].trajectories) for i in infos
    ]
    with pytest.raises(SystemExit):
        run_tool(convert_synsmot, synsmot)


def real_gt() -> Trajectories:
    """Three walkers; the first two meet in frames 1 and 2, the third comes from outside."""
    rows = [
        (frame, track_id, [x, 10, x + 10, 40])
        for track_id, length, start, speed in (
            (1, 6, 30, 5),
            (2, 5, 35, -5),
            (3, 4, -4, 6),
        )
        for frame, x in enumerate(range(start, start + length * speed, speed), start=1)
    ]
    return Trajectories(*map(np.array, zip(*rows, strict=True)))


def test_targets_of_a_real_video_are_named_where_they_are_clear() -> None:
    gt = real_gt()
    rows = score_targets.chosen_rows(gt, 3, (100, 50))
    named_frames = [(int(gt.ids[row]), int(gt.frame_ids[row])) for row in rows]
    assert named_frames == [(1, 3), (2, 3), (3, 2)]
    (prompt, box_prompt) = (
        score_targets.prompt_of(gt, rows[0], query) for query in ('point', 'box')
    )
    assert prompt.points == {3: (45.0, 25.0)}
    assert box_prompt.boxes == {3: (40.0, 10.0, 50.0, 40.0)}
    # Everybody touches somebody everywhere: where they overlap least.
    overlapping_boxes = gt[(gt.ids < 3) & (gt.frame_ids == 1)]
    assert score_targets.chosen_rows(overlapping_boxes, 2, (100, 50)) == [0, 1]


def test_real_targets_are_scored_by_prompt(
    tmp_path: Path, monkeypatch, run_tool, capsys
) -> None:
    gt = real_gt()
    write_trajectories(gt, tmp_path / 'gt.txt')

    class Inferencer:
        def __init__(self, *args, **kwargs) -> None:
            pass

        def __call__(self, video, out_dir, draw, prompts) -> None:
            for number, prompt in enumerate(prompts, start=1):
                table = gt[(gt.ids == number) & (gt.frame_ids < 5)]
                folder = Path(out_dir) / prompt.key
                folder.mkdir(parents=True)
                write_trajectories(table, folder / 'tracks.txt')

    frames = np.arange(1, 7)
    size = type('Video', (), dict(width=100, height=50))
    video = type('Reader', (), dict(video=size, frame_ids=frames))
    monkeypatch.setattr(score_targets, 'SMOTInferencer', Inferencer)
    monkeypatch.setattr(score_targets, 'open_video', lambda name: video)
    options = ('--gt', tmp_path / 'gt.txt', '--config', 'c', '--targets', 2)
    run_tool(score_targets, 'v.mp4', *options, '--out', tmp_path / 'out')
    lines = capsys.readouterr().out.splitlines()
    # Named in frame 3, seen in frame 4 alone: 1 of 3 and 1 of 2 frames, at 20 of 21
    # thresholds, since no IoU is above 1.
    success = [100 * 20 / 21 / count for count in (3, 2)]
    for line, expected in zip(lines[2:4], success, strict=True):
        assert float(line.split('|')[4]) == pytest.approx(expected, abs=0.051)
    assert float(lines[4].split('|')[4]) == pytest.approx(np.mean(success), abs=0.051)
    assert '| 1 | 6 | 3,45,25 |' in lines[2]
