"""Where to compute."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.logging import print_log


def default_device() -> str:
    """MMEngine's choice, but the CPU instead of Apple's GPU.

    That one has no float64, in which boxes and times are kept here.
    """
    device = get_device()
    if device != 'mps':
        return device
    print_log(
        "the CPU is used: Apple's GPU (mps) has no float64, in which boxes are kept here",
        logger='current',
        level=logging.INFO,
    )
    return 'cpu'


def usable_device(device: Any) -> Any:
    """A device that was asked for, if torch can compute on it.

    Args:
        device: Such as ``'cpu'`` or ``'cuda:1'``.

    Raises:
        ValueError: It is no device, or not one of this machine; says which are.
    """
    try:
        torch.empty(1, device=device).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        gpus = [f'cuda:{i}' for i in range(torch.cuda.device_count())]
        raise ValueError(
            f'device {device!r} cannot be used ({reason}). This machine has '
            f'{", ".join(["cpu", *gpus])}; without a device the best one is taken.'
        ) from error
    return device
