"""A training of seconds: a model of a few thousand weights on four clips.

As a script it trains in a process of its own: ``python -m tests.engine.tiny_training
WORK_DIR [--resume] [--die-after ITERATIONS]``.
"""

from __future__ import annotations

import argparse
import copy
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch import nn

from mmsmot.engine import SMOTRunner
from mmsmot.models.fusion import CrossAttention
from mmsmot.registry import MODELS
from mmsmot.structures import SMOTDataSample
from tests.models.test_semantics import DETECTOR, frames, sample, semantics

IDS = [(1, 2), (3, 5), (4,), (2, 6)]


class Clips(torch.utils.data.Dataset):
    """Four clips of three frames, labelled."""

    def __len__(self) -> int:
        return len(IDS)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(inputs=frames(3, index), data_samples=self._truth(index))

    def get_data_info(self, index: int) -> dict[str, Any]:
        truth = self._truth(index)
        words = dict(captions=truth.gt_captions, video_caption=truth.gt_video_caption)
        return dict(truth=SimpleNamespace(**words))

    @staticmethod
    def _truth(index: int) -> SMOTDataSample:
        return sample(IDS[index])


class Losses(Hook):
    """Notes the losses of each iteration."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        self.seen.append({name: float(value) for name, value in outputs.items()})


class Die(Hook):
    """Ends the process as a power cut would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def model(**training: Any) -> nn.Module:
    """Without dropout, which no two ways of training draw alike."""
    training = dict(type='ClipTraining', true_tracks=1.0) | training
    built = MODELS.build(
        dict(
            type='SMOT',
            detector=copy.deepcopy(DETECTOR),
            tracker=dict(type='SORT'),
            semantics=semantics(),
            training=training,
        )
    )
    for part in built.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(part, CrossAttention):
            part.dropout = 0.0
        if hasattr(part, 'dropout_prob'):
            part.dropout_prob = 0.0
    return built


def runner(
    work_dir: str | os.PathLike,
    hooks: list[Hook | dict],
    batch_size: int = 2,
    max_epochs: int = 2,
    launcher: str = 'none',
    resume: bool = False,
    optim: dict | None = None,
) -> SMOTRunner:
    """A runner over the four clips."""
    torch.manual_seed(0)
    return SMOTRunner(
        model=model(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=batch_size,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=Clips(),
        ),
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=max_epochs),
        optim_wrapper=dict(
            type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3), **(optim or {})
        ),
        custom_hooks=[dict(type='LearnWords'), *hooks],
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        env_cfg=dict(dist_cfg=dict(backend='gloo')),
        launcher=launcher,
        resume=resume,
        randomness=dict(seed=0),
        default_scope='mmsmot',
        experiment_name='tiny',
        log_level='WARNING',
        cfg=Config(dict(find_unused_parameters=True)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--die-after', type=int)
    args = parser.parse_args()
    hooks = [] if args.die_after is None else [Die(args.die_after)]
    runner(args.work_dir, hooks, max_epochs=3, resume=args.resume).train()


if __name__ == '__main__':
    main()
