"""The training loop of the interaction branch, or its head, on cached episodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from mmsmot.utils.progress_bar import progress_bar

WARMUP_STEPS = 20  # of the 300 or 400 that a run takes
FINAL_FACTOR = 0.01  # of the learning rate, as the joint training's 1e-5 of 1e-3
WEIGHT_DECAY, MAX_NORM = 1e-4, 5.0  # as configs/_base_/semtracker_cpu.py


def train_on_episodes(
    weights: Iterable[nn.Parameter],
    loss_of: Callable[[int], torch.Tensor],
    *,
    steps: int,
    lr: float,
    title: str,
) -> None:
    """Minimise a loss by AdamW.

    Args:
        weights: What is trained.
        loss_of: The loss of the step of a number, from 0.
        steps: How many.
        lr: Greatest learning rate.
        title: Of the progress bar.
    """
    weights = [*weights]
    optimizer = torch.optim.AdamW(weights, lr, weight_decay=WEIGHT_DECAY)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate_factor(step, steps)
    )
    with progress_bar() as bar:
        task = bar.add_task(title, total=steps)
        for step in range(steps):
            optimizer.zero_grad()
            loss_of(step).backward()
            nn.utils.clip_grad_norm_(weights, MAX_NORM)
            optimizer.step()
            rate.step()
            bar.advance(task)


def learning_rate_factor(step: int, steps: int) -> float:
    """A linear warm-up times a cosine down to :data:`FINAL_FACTOR`."""
    cosine = (1 + math.cos(math.pi * min(step / steps, 1))) / 2
    warmup = min((step + 1) / WARMUP_STEPS, 1)
    return warmup * (FINAL_FACTOR + (1 - FINAL_FACTOR) * cosine)
