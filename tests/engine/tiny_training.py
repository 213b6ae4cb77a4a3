"""A training of seconds: a model of a few thousand weights on four clips.

As a script it trains in a process of its own: ``python -m tests.engine.tiny_training
WORK_DIR LOOP [--resume] [--die-after ITERATIONS]``.
"""

from __future__ import annotations

import argparse
import copy
import itertools
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
from tests.models.semantics.test_trajectory_semantics import (
    DETECTOR,
    frames,
    sample,
    semantics,
)

RUN_NUMBERS = itertools.count()
IDS = [(1, 2), (3, 5), (4,), (2, 6)]


class Clips(torch.utils.data.Dataset):
    """Four clips of three frames, labelled."""

    def __len__(self) -> int:
        return len(IDS)

    def __getitem__(self, index: int) -> dict[str, Any]:
        truth = self._truth(index)
        truth.set_metainfo(dict(clip=index))
        return dict(inputs=frames(3, index), data_samples=truth)

    def get_data_info(self, index: int) -> dict[str, Any]:
        truth = self._truth(index)
        words = dict(captions=truth.gt_captions, video_caption=truth.gt_video_caption)
        return dict(gt=SimpleNamespace(**words))

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


class Order(Hook):
    """Writes which clips each iteration has, before it: a line survives a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        clips = [str(s.clip) for s in data_batch['data_samples']]
        with self.path.open('a') as file:
            print(runner.iter, *clips, file=file)


class Die(Hook):
    """Ends the process as a power cut would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def model(**training: Any) -> nn.Module:
    """A small SMOTer without dropout."""
    training = dict(type='ClipTraining', teacher_forcing_ratio=1.0) | training
    built = MODELS.build(
        dict(
            type='SMOT',
            detector=copy.deepcopy(DETECTOR),
            tracker=dict(type='SORT'),
            semantics=semantics(),
            training=training,
        )
    )
    leave_out_dropout(built)
    return built


def leave_out_dropout(model: nn.Module) -> None:
    """No two ways of training draw it alike."""
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(part, CrossAttention):
            part.dropout = 0.0
        if hasattr(part, 'dropout_prob'):
            part.dropout_prob = 0.0


EPOCHS = dict(
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=2),
    sampler=dict(type='DefaultSampler', shuffle=False),
    checkpoint=dict(type='CheckpointHook', interval=1),
    log_processor=dict(by_epoch=True),
)
# Trainings of six iterations, two to see all clips, that draw their order.
SHUFFLED = dict(
    epochs=dict(
        EPOCHS,
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=3),
        sampler=dict(type='DefaultSampler', shuffle=True),
    ),
    iterations=dict(
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=6),
        sampler=dict(type='InfiniteSampler', shuffle=True),
        checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3),
        log_processor=dict(by_epoch=False),
    ),
)


def runner(
    work_dir: str | os.PathLike,
    hooks: list[Hook | dict],
    batch_size: int = 2,
    max_epochs: int | None = None,
    launcher: str = 'none',
    resume: bool = False,
    optim: dict | None = None,
    schedule: dict | None = None,
    seed: int | None = 0,
    dataset: torch.utils.data.Dataset | None = None,
) -> SMOTRunner:
    """A runner over the four clips."""
    torch.manual_seed(0)
    schedule = copy.deepcopy(schedule or EPOCHS)
    if max_epochs is not None:
        schedule['train_cfg']['max_epochs'] = max_epochs
    return SMOTRunner(
        model=model(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=batch_size,
            num_workers=schedule.get('num_workers', 0),
            sampler=schedule['sampler'],
            dataset=dataset or Clips(),
        ),
        train_cfg=schedule['train_cfg'],
        optim_wrapper=dict(
            type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3), **(optim or {})
        ),
        custom_hooks=[dict(type='TrainTokenizerHook'), *hooks],
        default_hooks=dict(checkpoint=schedule['checkpoint']),
        log_processor=schedule['log_processor'],
        env_cfg=dict(dist_cfg=dict(backend='gloo')),
        launcher=launcher,
        resume=resume,
        randomness=dict(seed=seed),
        default_scope='mmsmot',
        # MMEngine names loggers by it and the second; two runs in one second would share
        # the first's output.
        experiment_name=f'tiny{next(RUN_NUMBERS)}',
        log_level='WARNING',
        cfg=Config(dict(find_unused_parameters=True)),
    )


def main() -> None:
    """Train with an order that is drawn from a seed that nobody named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('loop', choices=SHUFFLED)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--die-after', type=int)
    args = parser.parse_args()
    name = 'resumed.txt' if args.resume else 'begun.txt'
    hooks: list[Hook] = [Order(args.work_dir / name)]
    hooks += [] if args.die_after is None else [Die(args.die_after)]
    options = dict(schedule=SHUFFLED[args.loop], seed=None)
    runner(args.work_dir, hooks, resume=args.resume, **options).train()


if __name__ == '__main__':
    main()
