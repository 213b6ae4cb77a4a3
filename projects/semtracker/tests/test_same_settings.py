"""What was made of other weights or labels is refused, whatever its path is called."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.utils.checkpoint import save_weights
from projects.semtracker.datasets.synsmot_episodes import SynSMOTEpisodes
from projects.semtracker.models.branch_on_episodes import (
    BranchOnEpisodes,
    encoded_frames,
)
from projects.semtracker.models.episode_store import SETTINGS, EpisodeStore
from projects.semtracker.tests.shining_episodes import write_shining_episodes
from projects.semtracker.tools import cache_episodes, compare_meta

CONFIG = 'projects/semtracker/configs/semtracker_tiny_synsmot'


@pytest.fixture
def data(synsmot: Path, tmp_path: Path) -> Path:
    """A SynSMOT that may be written to."""
    return Path(shutil.copytree(synsmot, tmp_path / 'data/synsmot'))


@pytest.fixture
def cache(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_tool: Callable
) -> Callable[..., None]:
    """Runs the tool on val without pooling anything."""

    def write(dataset, estimator, cache, folder: Path) -> None:
        (folder / 'tokens.npy').touch()

    def run(*options: object, root: object = data) -> None:
        monkeypatch.setattr(cache_episodes, 'set_config_weights', lambda *args: None)
        monkeypatch.setattr(cache_episodes, 'write_episodes', write)
        options = ('--split', 'val', '--out', tmp_path / 'out', *options)
        run_tool(cache_episodes, CONFIG, '--data-root', root, *options)

    return run


def test_other_weights_of_the_same_name_are_refused(
    cache: Callable, tmp_path: Path, capsys
) -> None:
    weights = tmp_path / 'detector.safetensors'
    weights.write_bytes(b'one')
    cache('--weights', weights)
    cache('--weights', weights)
    assert 'val is there already' in capsys.readouterr().out
    weights.write_bytes(b'two')
    with pytest.raises(ValueError, match=r'val was made with weights .* write to ano'):
        cache('--weights', weights)
    same = tmp_path / 'other_name.safetensors'
    same.write_bytes(b'one')
    cache('--weights', same)
    with pytest.raises(ValueError, match='made with weights'):
        cache()
    settings = json.loads((tmp_path / 'out/val' / SETTINGS).read_text())
    assert {*settings} == {'estimator', 'labels', 'tail', 'weights'}


def test_the_path_of_the_data_is_of_no_matter_and_its_labels_are(
    cache: Callable, data: Path, tmp_path: Path, capsys
) -> None:
    cache()
    cache(root=os.path.relpath(data))
    cache(root=shutil.copytree(data, tmp_path / 'copy'))
    assert capsys.readouterr().out.count('is there already') == 2
    with pytest.raises(ValueError, match=r'was made with tail 1\.0, not 20\.0'):
        cache('--tail', 20)
    gt = next(data.glob('val/**/gt.txt'))
    first, *lines = gt.read_text().splitlines()
    frame, track, x, *columns = first.split(',')
    moved_line = ','.join([frame, track, str(float(x) + 1), *columns])
    gt.write_text('\n'.join([moved_line, *lines]) + '\n')
    with pytest.raises(ValueError, match='was made with labels'):
        cache()


def test_labels_are_of_boxes_and_verbs(synsmot: Path) -> None:
    prints = []
    for split in ('train', 'val', 'val'):
        dataset = SynSMOTEpisodes(
            data_root=str(synsmot), split=split, test_mode=True, cache=False
        )
        prints.append(cache_episodes.labels_fingerprint(dataset))
    assert prints[1] == prints[2] != prints[0]
    info = dataset.get_data_info(0)
    prints = []
    for verb in ('push.v.01', 'give.v.03'):
        events = info['gt'].interactions
        events = replace(events, verbs=np.full(len(events), verb))
        episode = info | dict(gt=replace(info['gt'], interactions=events))
        prints.append(cache_episodes.labels_fingerprint(OneEpisode(episode)))
    assert prints[0] != prints[1]


class OneEpisode:
    """A dataset of one episode."""

    def __init__(self, episode: dict) -> None:
        self.episode = episode

    def get_data_info(self, number: int) -> dict:
        return self.episode

    def __len__(self) -> int:
        return 1


def store(folder: Path, seed: int = 0, verb: int = 1) -> EpisodeStore:
    """Ten videos of two targets of six frames."""
    rng = np.random.default_rng(seed)
    channels = rng.integers(0, 2, 120)
    return write_shining_episodes(
        folder,
        rng,
        verbs=verb + channels,
        channels=channels,
        noise=0.1,
        starts=np.arange(0, 121, 6),
        names=np.repeat(np.arange(10), 2).astype(str),
        partners=np.full((120, 2), -1),
        frame_ids=np.tile(np.arange(1, 7), 20),
    )


def test_vectors_of_a_store_made_otherwise_are_not_taken(tmp_path: Path) -> None:
    episodes = store(tmp_path / 'val')
    model, encoder = BranchOnEpisodes(8, {}), tmp_path / 'encoder.safetensors'
    save_weights(model, encoder)
    first = encoded_frames(model, episodes, encoder)
    tokens = np.load(tmp_path / 'val/tokens.npy')
    np.save(tmp_path / 'val/tokens.npy', tokens + 1)
    (tmp_path / 'val' / SETTINGS).write_text('{"weights": "others"}')
    remade = EpisodeStore(tmp_path / 'val')
    assert remade.fingerprint != episodes.fingerprint
    assert not torch.equal(encoded_frames(model, remade, encoder), first)


def test_scores_of_other_episodes_are_refused(tmp_path: Path, run_tool, capsys) -> None:
    for split in ('train', 'val'):
        store(tmp_path / split)
    encoder = tmp_path / 'encoder.safetensors'
    save_weights(BranchOnEpisodes(8, {}), encoder)
    options = ('--encoder', encoder, '--seeds', 0, '--variants', 'plain', '--steps', 1)
    options += ('--test-lrs', 0.1, '--self-lrs', 1e-9, '--out', tmp_path / 'meta.json')
    run_tool(compare_meta, '--episodes', tmp_path, *options)
    run = json.loads((tmp_path / 'meta.json').read_text())['plain/0']
    # A step of no size: the head is what it was, and of equals none is chosen.
    assert run['val']['self@1e-09'] == run['val']['none']
    assert '| val | plain | self@0 (none is best) | 1 |' in capsys.readouterr().out
    for split in ('train', 'val'):  # elsewhere, and the same
        shutil.copytree(tmp_path / split, tmp_path / 'moved' / split)
    run_tool(compare_meta, '--episodes', tmp_path / 'moved', *options)
    shutil.rmtree(tmp_path / 'moved/val')
    store(tmp_path / 'moved/val', verb=2)
    with pytest.raises(ValueError, match='plain/0 was made with episodes_val'):
        run_tool(compare_meta, '--episodes', tmp_path / 'moved', *options)
    with pytest.raises(ValueError, match='plain/0 was made with self_lrs'):
        run_tool(compare_meta, '--episodes', tmp_path, *options, '--self-lrs', 0.5)


def runs(**micro: dict[str, float]) -> dict:
    """A run a head, with these micro F1 on val by what it adapts to."""
    return {
        f'{name}/0': dict(
            test_lrs=[0.1, 0.3],
            self_lrs=[0.01, 0.1],
            val={kind: dict(micro=score) for kind, score in kinds.items()},
        )
        for name, kinds in micro.items()
    }


def test_each_head_has_its_own_step_sizes() -> None:
    scores = {'none': 0.4, 'support@0.1': 0.5, 'support@0.3': 0.6}
    content = runs(
        plain=scores | {'self@0.01': 0.4, 'self@0.1': 0.3},
        meta=scores | {'self@0.01': 0.1, 'self@0.1': 0.41},
    )
    kinds = {
        name: compare_meta.chosen_kinds(content, name) for name in ('plain', 'meta')
    }
    assert kinds['plain'] == dict(none='none', self='none', support='support@0.3')
    assert kinds['meta'] == dict(none='none', self='self@0.1', support='support@0.3')
    lines = compare_meta.table(content, ['val']).splitlines()
    assert any('| val | plain | self@0 (none is best) | 1 | 40.0 |' in x for x in lines)
    assert any('| val | meta | self@0.1 | 1 | 41.0 |' in x for x in lines)
    assert any('| val | meta - plain | self | 1 | 1.0 |' in x for x in lines)
    # Where val was not scored the first ones are taken.
    unknown = {k: run | dict(val={}) for k, run in content.items()}
    kinds = compare_meta.chosen_kinds(unknown, 'plain')
    assert kinds == dict(none='none', self='self@0.01', support='support@0.1')
