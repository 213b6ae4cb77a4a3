"""Where to compute, where nobody said."""

from __future__ import annotations

import logging

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
