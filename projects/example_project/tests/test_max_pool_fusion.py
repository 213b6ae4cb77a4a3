"""The max-pool fusion: its numbers, and trained by its config."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch

from mmsmot.datasets.synsmot import make_synsmot
from mmsmot.engine import SMOTRunner, load_config
from mmsmot.models.trajectory import TrajectoryTokens
from projects.example_project.max_pool_fusion import MaxPoolTrajectoryFusion

CONFIG = 'projects/example_project/configs/max-pool_tiny_synsmot'


def tokens() -> TrajectoryTokens:
    """Two trajectories of two boxes and one, a token of two numbers a box."""
    values = torch.tensor([[[-1.0, 2.0], [3.0, -4.0]], [[-5.0, -6.0], [99.0, 99.0]]])
    mask = torch.tensor([[True, True], [True, False]])
    return TrajectoryTokens(
        tokens=values[:, :, None],
        times=torch.zeros(2, 2, dtype=torch.float64),
        boxes=torch.zeros(2, 2, 4),
        mask=mask,
    )


def test_the_largest_of_each_feature_without_padding() -> None:
    fused, mask = MaxPoolTrajectoryFusion()(tokens())
    assert fused.tolist() == [[[3, 2]], [[-5, -6]]]
    assert mask.tolist() == [[True], [True]]


def test_the_summary_stands_first() -> None:
    fused, mask = MaxPoolTrajectoryFusion(summary=True)(tokens())
    assert fused.tolist() == [[[1, -1], [3, 2]], [[-5, -6], [-5, -6]]]
    assert mask.all() and mask.shape == (2, 2)


def test_the_config_trains_it(tmp_path: Path) -> None:
    """Two steps end to end on a synthetic world of eight clips."""
    for name in ('mmdet', 'transformers'):
        pytest.importorskip(name, reason=f'needs {name}')
    config = load_config(CONFIG)
    config.merge_from_dict(
        {
            'train_dataloader.dataset.data_root': str(
                make_synsmot(tmp_path / 'synsmot', 'mini')
            ),
            'train_dataloader.dataset.num_frames': 4,
            'train_dataloader.batch_size': 2,
            'train_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': False,
            'model.training.teacher_forcing_ratio': 1.0,  # no detector yet that finds anybody
        }
    )
    config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
    config.log_processor = dict(by_epoch=False)
    config.custom_hooks = [dict(type='TrainTokenizerHook')]  # semantic losses at once
    config.default_hooks.logger.interval = 1
    config.work_dir = str(tmp_path / 'work_dir')
    runner = SMOTRunner.from_cfg(config)
    fusion = runner.model.semantics.trajectory_fusion
    assert isinstance(fusion, MaxPoolTrajectoryFusion)
    initial_weights = copy.deepcopy(fusion.encoding.state_dict())
    runner.train()
    weights = fusion.encoding.state_dict()
    assert any(not torch.equal(weights[k], v) for k, v in initial_weights.items())
    (log,) = Path(config.work_dir).glob('*/vis_data/scalars.json')
    losses = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(losses) == 2
    assert all(losses[-1][f'loss_{name}'] > 0 for name in ('interaction', 'cls'))
