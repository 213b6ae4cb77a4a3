"""Checkpoints are whole or not there, counts are scores, configs are dumped whole."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import numpy as np
import pytest
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from torch import nn

from mmsmot.engine import SMOTRunner, load_config
from mmsmot.models.detectors import CachedDetector
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT, ByteTrack
from tests.demo_scene import make_demo_scene
from tests.models.detectors.test_cached_detector import Counting


def test_a_full_disk_leaves_the_checkpoints_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, disk_is_full = b'weights', False

    def save(self, out_dir: str, filename: str, **options: bool) -> None:
        Path(out_dir, filename).write_bytes(content)
        assert filename.endswith('.pth')
        assert options == {'by_epoch': True}
        if disk_is_full:
            raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(Runner, 'save_checkpoint', save)
    runner = SMOTRunner.__new__(SMOTRunner)
    runner.save_checkpoint(str(tmp_path), 'epoch_1.pth', by_epoch=True)
    content, disk_is_full = b'half', True
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        with pytest.raises(OSError, match=rf'is full.*{name}'):
            runner.save_checkpoint(str(tmp_path), name, by_epoch=True)
    assert [p.name for p in tmp_path.iterdir()] == ['epoch_1.pth']
    assert (tmp_path / 'epoch_1.pth').read_bytes() == b'weights'


@pytest.mark.parametrize('seed', [-1, 2**64, 'abc', 1.5])
def test_seeds_that_numpy_does_not_take(seed: object) -> None:
    runner = SMOTRunner.__new__(SMOTRunner)
    with pytest.raises(ValueError, match='randomness: seed must be a whole number'):
        runner.set_randomness(seed=seed)


def test_what_is_no_hook_is_refused() -> None:
    runner = SMOTRunner.__new__(SMOTRunner)
    runner._hooks = []
    with pytest.raises(TypeError, match="'os.getenv' is no hook: expected a subclass"):
        runner.register_hook(dict(type='os.getenv', key='HOME'))
    runner.register_hook(dict(type='IterTimerHook', priority='LOW'))
    assert [hook.priority for hook in runner._hooks] == ['LOW']


def test_the_dumped_config_can_be_given_to_a_tool(tmp_path: Path) -> None:
    runner = SMOTRunner.__new__(SMOTRunner)
    runner.cfg = load_config('smoter/smoter_tiny_synsmot')
    runner._work_dir, runner._console = str(tmp_path), []
    runner.dump_config()
    (path,) = tmp_path.iterdir()
    assert path.name == 'smoter_tiny_synsmot.py'
    config = load_config(path)
    assert config.model == runner.cfg.model
    assert config.train_dataloader == runner.cfg.train_dataloader


class SwitchCount(BaseMetric):
    def process(self, data_batch: object, data_samples: object) -> None:
        self.results.append(3)

    def compute_metrics(self, results: list) -> dict:
        return {'IDs': int(sum(results)), 'FN': np.int64(2), 'HOTA': 61.5}


@pytest.mark.parametrize('config', [[SwitchCount()], dict(metrics=[SwitchCount()])])
def test_counts_reach_the_file_of_scores(config: list | dict) -> None:
    """MMEngine's own hooks between the metric and the file, which drop integers."""
    runner = SMOTRunner.__new__(SMOTRunner)
    runner.message_hub = hub = MessageHub.get_instance('counts')
    evaluator = runner.build_evaluator(config)
    evaluator.process(data_samples=[])
    RuntimeInfoHook().after_test_epoch(runner, evaluator.evaluate(1))
    tags = {name: scores.current() for name, scores in hub.log_scalars.items()}
    assert LoggerHook._process_tags(tags) == {
        'test/IDs': 3.0,
        'test/FN': 2.0,
        'test/HOTA': 61.5,
    }


def test_an_evaluator_of_the_users_own_stays() -> None:
    class MeanEvaluator(Evaluator):
        """Of a user."""

    runner = SMOTRunner.__new__(SMOTRunner)
    evaluator = MeanEvaluator([SwitchCount()])
    assert runner.build_evaluator(evaluator) is evaluator


def test_a_cache_that_stays_empty_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cached = CachedDetector(detector=Counting(), root=str(tmp_path / 'b'))
    models = (
        SMOT(detector=Counting(), tracker=SORT()),
        SMOT(detector=cached, tracker=SORT()),
        nn.Identity(),
    )
    counts = []
    for model in models:
        runner = SMOTRunner.__new__(SMOTRunner)
        runner.model, runner.logger = model, logging.getLogger('test_runner')
        runner._resume, runner._load_from, runner._has_loaded = False, None, True
        runner._is_testing, runner._detection_cache = True, str(tmp_path / 'a')
        runner.load_or_resume()
        counts.append(caplog.text.count(f'{tmp_path}/a: no detections are kept there'))
    assert counts == [0, 1, 2]


def test_the_next_tracker_finds_the_detections(tmp_path: Path) -> None:
    make_demo_scene(tmp_path / 'data' / 's0', num_frames=4)
    config = load_config('two_stage/sort_public-detections')
    config.test_dataloader.dataset.data_root = str(tmp_path / 'data')
    frame_ids, scores = [], []
    for tracker, cache in ((SORT(), 'a'), (ByteTrack(), 'a'), (SORT(), None)):
        detector = Counting()
        runner = SMOTRunner(
            model=SMOT(detector=detector, tracker=tracker),
            work_dir=str(tmp_path / 'work'),
            test_dataloader=config.test_dataloader,
            test_evaluator=config.test_evaluator,
            test_cfg=config.test_cfg,
            experiment_name=f'run_{len(frame_ids)}',
            default_scope='mmsmot',
            cfg=config,
        )
        scores.append(runner.test(cache and tmp_path / cache))
        frame_ids.append(detector.seen)
    assert frame_ids == [[1, 2, 3, 4], [], [1, 2, 3, 4]]
    assert scores[0] == scores[2]
    assert len([*(tmp_path / 'a').glob('s0-*/*.npz')]) == 1
