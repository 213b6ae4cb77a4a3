"""The tools on the model with words: trained, tested, and by two processes."""

from __future__ import annotations

import json
import math
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

pytest.importorskip('mmdet', reason='needs mmdet')
pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.datasets.synsmot import make_synsmot
from mmsmot.engine import SMOTRunner, load_config
from mmsmot.utils.bundled_weights import bundled_weights
from tests.tools.test_tools import alone

ROOT = Path(__file__).parents[2]
CONFIG = 'smoter/smoter_tiny_synsmot'
PIXELS = {'loss_cls', 'loss_bbox'}
WORDS = {
    'loss_instance_caption',
    'loss_video_caption',
    'loss_interaction',
    'loss_bigrams',
}


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 videos to train on and 4 to be tested on."""
    return make_synsmot(tmp_path_factory.mktemp('synsmot'), 'mini')


@pytest.fixture(scope='module')
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH with what the scripts need and no java: METEOR costs ten seconds a start."""
    folder = tmp_path_factory.mktemp('bin')
    for program in ('bash', 'dirname'):
        (folder / program).symlink_to(shutil.which(program))
    torchrun = Path(sys.executable).with_name('torchrun')
    if not torchrun.is_file():
        pytest.skip('needs torchrun beside the Python')
    (folder / 'torchrun').symlink_to(torchrun)
    return folder


def run(path: Path, *command: object) -> None:
    env = {'PATH': str(path), 'PORT': alone()['MASTER_PORT'], 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        list(map(str, command)),
        env=os.environ | env | {'CUDA_VISIBLE_DEVICES': ''},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def by_one(path: Path, tool: str, config: object, *args: object) -> None:
    run(path, sys.executable, f'tools/{tool}.py', config, *args)


def by_two(path: Path, tool: str, config: object, *args: object) -> None:
    run(path, 'bash', f'tools/dist_{tool}.sh', config, 2, *args)


def scores_of(work_dir: Path) -> dict:
    return json.loads((work_dir / 'results' / 'scores.json').read_text())


@pytest.fixture(scope='module')
def trained(data: Path, path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work-dir of an epoch of two iterations, the second one with words."""
    work = tmp_path_factory.mktemp('trained')
    by_one(
        path,
        'train',
        CONFIG,
        *('--seed', 0, '--data-root', data, '--work-dir', work, '--cfg-options'),
        *('train_cfg.max_epochs=1', 'train_dataloader.batch_size=4'),
        *('custom_hooks.2.iteration=1', 'default_hooks.logger.interval=1'),
        'visualizer.vis_backends.0.type=TensorboardVisBackend',
    )
    return work


def test_training_shows_its_losses_in_tensorboard(trained: Path) -> None:
    pytest.importorskip('tensorboard', reason='needs tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (events,) = trained.glob('*/vis_data/events.out.tfevents*')
    seen = EventAccumulator(str(events))
    seen.Reload()
    tags = set(seen.Tags()['scalars'])
    steps = {tag: [s.step for s in seen.Scalars(tag)] for tag in tags}
    assert {tag for tag in tags if tag.startswith('loss_')} == PIXELS | WORDS
    assert all(steps[tag] == [1, 2] for tag in PIXELS)
    assert all(steps[tag] == [2] for tag in WORDS)  # custom_hooks.2.iteration
    values = {tag: [s.value for s in seen.Scalars(tag)] for tag in PIXELS | WORDS}
    assert all(math.isfinite(v) and v > 0 for row in values.values() for v in row)
    # Of some 700 words and end marks each is as likely as any other.
    assert 5.5 < values['loss_instance_caption'][0] < 7.5


def test_what_was_trained_is_tested(
    trained: Path, data: Path, path: Path, tmp_path: Path
) -> None:
    args = ('--data-root', data, '--work-dir', tmp_path)
    one = ('--cfg-options', 'test_dataloader.dataset.sequences=[hugging/*]')
    one += ('test_dataloader.dataset.split=val',)
    by_one(path, 'test', CONFIG, trained / 'epoch_1.pth', *args, *one)
    scores = scores_of(tmp_path)
    # After two iterations nobody is found, and nothing said of anybody is right.
    assert scores['tracking']['HOTA'] < 20
    assert scores['strict']['video']['captions'] == 1
    assert scores['strict']['instance']['CIDEr'] < 1
    for protocol in ('strict', 'release'):
        assert 0 <= scores[protocol]['video']['CIDEr'] < 1
        assert 0 <= scores[protocol]['interactions']['F1'] < 0.2
    assert len(list(tmp_path.glob('results/predictions/*/*.json'))) == 1


def test_the_data_of_val_lie_beside_those_of_training(tmp_path, monkeypatch) -> None:
    config = tmp_path / 'with_val.py'
    config.write_text(
        f"_base_ = '{ROOT}/configs/{CONFIG}.py'\nval_dataloader = _base_.synsmot.val\n"
        "val_cfg = dict(type='ValLoop')\nval_evaluator = dict(type='TrackingMetric')\n"
    )
    datasets = []

    def note(config: Config) -> None:
        loaders = config.train_dataloader, config.val_dataloader
        datasets.extend(loader.dataset for loader in loaders)
        raise SystemExit('noted')

    monkeypatch.setattr(SMOTRunner, 'from_cfg', note)
    args = ('--data-root', 'my_data', '--work-dir', str(tmp_path / 'work'))
    monkeypatch.setattr('sys.argv', ['train.py', str(config), *args])
    with pytest.raises(SystemExit, match='noted'):
        runpy.run_path(str(ROOT / 'tools/train.py'), run_name='__main__')
    assert [d.data_root for d in datasets] == ['my_data', 'my_data']
    assert [d.split for d in datasets] == ['train', 'val']


def test_two_processes_score_what_one_does(
    data: Path, path: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / 'one', tmp_path / 'two'
    weights = bundled_weights(CONFIG)
    by_one(path, 'test', CONFIG, '--data-root', data, '--work-dir', one)
    by_two(path, 'test', CONFIG, weights, '--data-root', data, '--work-dir', two)
    scores = scores_of(one)
    assert scores == scores_of(two)
    assert scores['tracking']['HOTA'] > 70
    assert scores['strict']['instance']['CIDEr'] > 2
    assert 0 < scores['strict']['interactions']['F1'] < 1


NOTED = """
_base_ = ['{root}/configs/{config}.py']
custom_imports = dict(imports=['tests.tools.losses_of_rank'])
custom_hooks = [*_base_.custom_hooks, dict(type='LossesOfRank')]
"""


def test_two_processes_train_as_one(
    data: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses within 1e-4: a batch of 4 and twice one of 2, of the same clips.

    Of 29 to 44 frames every 22nd are two: nothing is left to be drawn.
    """
    file = tmp_path / 'noted.py'
    file.write_text(NOTED.format(root=ROOT, config=CONFIG))
    still = {
        'train_dataloader.dataset.num_frames': 2,
        'train_dataloader.dataset.stride': 22,
        'model.training.teacher_forcing_ratio': 1.0,
        'custom_hooks.2.iteration': 0,
        'train_cfg.max_epochs': 1,
    }
    args = ['--seed', 0, '--data-root', data, '--work-dir', tmp_path / 'two']
    args += ['--cfg-options', 'train_dataloader.batch_size=2']
    by_two(path, 'train', file, *args, *(f'{k}={v}' for k, v in still.items()))
    monkeypatch.setattr('mmengine.device.utils.DEVICE', 'cpu')
    config = load_config(file, still)
    config.train_dataloader.dataset.data_root = str(data)
    config.work_dir, config.randomness = str(tmp_path / 'one'), dict(seed=0)
    SMOTRunner.from_cfg(config).train()  # as the tool, without its start of seconds
    (whole,) = losses_in(tmp_path / 'one')
    first, second = losses_in(tmp_path / 'two')
    assert len(whole) == 2
    assert len(list(tmp_path.glob('two/left_*'))) == 2
    assert whole[0].keys() >= PIXELS | WORDS
    for one, two, expected in zip(first, second, whole, strict=True):
        for name, value in expected.items():
            mean = (one[name] + two[name]) / 2
            assert mean == pytest.approx(value, rel=1e-4, abs=1e-4), name
        assert abs(one['loss'] - two['loss']) > 0.01  # other clips in each


def losses_in(work_dir: Path) -> list[list[dict[str, float]]]:
    """Of each process its iterations."""
    files = sorted(work_dir.glob('losses_*.json'))
    return [json.loads(file.read_text()) for file in files]
