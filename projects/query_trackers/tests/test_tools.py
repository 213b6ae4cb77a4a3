"""The tools as a user runs them: train, test and infer of all four, and the project's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmsmot.apis import read_result
from mmsmot.datasets.synsmot.build import write_built_clip
from mmsmot.datasets.synsmot.settings import VERSION, ClipSettings
from mmsmot.engine import load_config
from mmsmot.registry import MODELS
from mmsmot.utils.checkpoint import load_checkpoint
from projects.query_trackers.tests.conftest import PAPERS, load_tool

ROOT = Path(__file__).parents[3]
CONFIGS = 'projects/query_trackers/configs'
ONE_ITERATION = (
    'train_cfg.max_epochs=1',
    'train_dataloader.batch_size=1',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
)


@pytest.fixture(scope='module')
def synsmot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One clip of 24 frames to train on, and one to test on."""
    root = tmp_path_factory.mktemp('synsmot')
    settings = ClipSettings(num_frames=(24, 24))
    for split in ('train', 'test'):
        write_built_clip(root, 0, 0, split, settings)
    facts = dict(size='mini', seed=0, version=VERSION, settings=settings.facts())
    (root / 'synsmot.json').write_text(json.dumps(facts))
    return root


@pytest.fixture(scope='module')
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the shared detector, untrained."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(f'{CONFIGS}/deformable-detr_tiny_synsmot').model)
    path = tmp_path_factory.mktemp('detector') / 'epoch_60.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Runs a tool, by its path below the repository, in another folder."""
    monkeypatch.chdir(tmp_path)

    def run_tool(tool: str, *args: object) -> None:
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        load_tool(ROOT / tool).main()

    return run_tool


def clip_folder(synsmot: Path) -> Path:
    (script,) = synsmot.glob('test/*/*/script.json')
    return script.parent


def moved_parts(start: dict, weights: dict) -> set[str]:
    """The parts of the detector whose weights have changed."""
    part = 'estimator.detector.model.'
    moved = set()
    for name, weight in weights.items():
        name = name.replace('estimator.track_decoder.', f'{part}decoder.')
        if name in start and not torch.equal(weight, start[name]):
            moved.add(name.removeprefix(part).split('.')[0])
    return moved


@pytest.mark.parametrize('paper', PAPERS)
def test_train_test_and_infer(
    paper: str, synsmot: Path, detector: Path, run: Callable, tmp_path: Path
) -> None:
    config = f'{CONFIGS}/{paper}_tiny_synsmot'
    data = ('--data-root', synsmot, '--work-dir', tmp_path)
    cache = f'model.estimator.cache={tmp_path / "cache"}'
    options = ('--cfg-options', *ONE_ITERATION, cache, f'load_from={detector}')
    run('tools/train.py', config, *data, *options)
    weights = load_checkpoint(tmp_path / 'epoch_1.pth')['state_dict']
    start = load_checkpoint(detector)['state_dict']
    moved = moved_parts(start, weights)
    # TransTrack draws one of its two decoders, which start alike.
    assert 'decoder' in moved and 'bbox_head' in moved
    assert not moved & {'backbone', 'neck', 'encoder', 'level_embed'}
    run('tools/test.py', config, tmp_path / 'epoch_1.pth', *data)
    (scores,) = [p for p in tmp_path.glob('*/*.json') if p.stem == p.parent.name][-1:]
    assert 0 <= json.loads(scores.read_text())['track/HOTA'] <= 100
    args = ('--config', config, '--checkpoint', tmp_path / 'epoch_1.pth')
    frames = ('--end', 2, '--no-video', '--out', tmp_path / 'out')
    run('tools/infer.py', clip_folder(synsmot), *args, *frames)
    result = read_result(next((tmp_path / 'out').rglob('result.json')))
    assert result['video']['num_frames'] >= 2
    assert not (tmp_path / 'work_dirs').exists()  # no cache that nobody asked for


def test_a_checkpoint_with_other_queries_is_named(
    detector: Path, synsmot: Path, run: Callable, tmp_path: Path
) -> None:
    weights = load_checkpoint(detector)['state_dict']
    name = 'estimator.detector.model.query_embedding.weight'
    weights[name] = torch.zeros(300, 128)
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict=weights), path)
    config = f'{CONFIGS}/motr_tiny_synsmot'
    data = ('--data-root', synsmot, '--work-dir', tmp_path)
    options = ('--cfg-options', *ONE_ITERATION, f'load_from={path}')
    message = r'other.pth: .* 300 queries .* config 50: set num_queries=300'
    with pytest.raises(ValueError, match=message):
        run('tools/train.py', config, *data, *options)
    with pytest.raises(ValueError, match=message):
        run('tools/test.py', config, path, *data)


def test_tools_of_the_project(
    synsmot: Path, detector: Path, run: Callable, tmp_path: Path, capsys
) -> None:
    tools = 'projects/query_trackers/tools'
    config = f'{CONFIGS}/deformable-detr_tiny_synsmot'
    data = ('--data-root', synsmot)
    run(f'{tools}/detection_recall.py', config, detector, *data, '--split', 'test')
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if line.strip()[:1].isdigit()]
    assert [row[0] for row in rows] == ['0.10', '0.30', '0.40', '0.50', '0.60']
    assert all(0 <= float(value) <= 1 for row in rows for value in row)
    config = f'{CONFIGS}/motrv2_tiny_synsmot'
    name, once = 'motrv2_tiny_synsmot', ('--tracks', 0, 3, '--repeats', 1)
    run(f'{tools}/time_by_tracks.py', config, name, *once, '--proposals', 7)
    *_, count, head, no_track, tracks = capsys.readouterr().out.splitlines()
    assert count == '17 new queries'  # 10 learned boxes and 7 proposals
    assert head.startswith('tracks  encoder ms  proposals ms')
    assert [no_track.split()[0], tracks.split()[0]] == ['0', '3']
    for row in (no_track, tracks):
        assert all(float(ms) > 0 for ms in row.split()[1:4])
    config = f'{CONFIGS}/motr_tiny_synsmot'  # random weights; no proposals
    run(f'{tools}/time_by_tracks.py', config, *once)
    *_, count, _, _, tracks = capsys.readouterr().out.splitlines()
    assert count == '50 new queries' and tracks.split()[::2][:2] == ['3', '0.0']
    message = 'motr_tiny_synsmot.safetensors'  # not MOTRv2's
    with pytest.raises(ValueError, match=message):
        config = f'{CONFIGS}/motrv2_tiny_synsmot'
        run(f'{tools}/time_by_tracks.py', config, 'motr_tiny_synsmot', *once)


def test_videos_with_equal_shirts(run: Callable, tmp_path: Path, capsys) -> None:
    tool = 'projects/query_trackers/tools/equal_shirts.py'
    for name, colours in (
        ('a/1', 'red red'),
        ('a/2', 'red blue'),
        ('b/1', 'blue blue'),
    ):
        folder = tmp_path / 'test' / name
        folder.mkdir(parents=True)
        people = [dict(appearance=dict(top_color=c)) for c in colours.split()]
        (folder / 'script.json').write_text(json.dumps(dict(people=people)))
    run(tool, tmp_path)
    assert capsys.readouterr().out == 'a/1 b/1\n'
    with pytest.raises(SystemExit, match='split val has no video'):
        run(tool, tmp_path, '--split', 'val')


def test_the_time_of_attention_beside_mmcvs(run: Callable, capsys) -> None:
    tools = 'projects/query_trackers/tools'
    run(f'{tools}/time_attention.py', '--images', 1, '--repeats', 1)
    *_, mmcv, ours, ratio = capsys.readouterr().out.splitlines()
    rows = [line.strip('| ').split(' | ') for line in (mmcv, ours)]
    assert [row[0] for row in rows] == ['mmcv', 'ours']
    assert all(float(ms) > 0 for row in rows for ms in row[1:])
    expected = float(rows[0][3]) / float(rows[1][3])
    assert float(ratio.split(': ')[1]) == pytest.approx(expected, rel=0.02)
