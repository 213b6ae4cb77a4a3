"""A stand-in for mmcv's compiled operators, for environments without a compiler.

``mmdet.models`` imports ``mmcv._ext`` even for detectors that call none of its operators
or only NMS. This module takes that name where the real one is missing: it has a ``nms``
in torch, and every other operator is a function that says what it needs. Where the real
one was built without a GPU, its NMS knows the CPU alone; there this one helps out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

import torch

MODULE = 'mmcv._ext'
NO_KERNEL = 'implementation for device'  # "... cuda:0 not found", says mmcv


class MissingOperatorError(NotImplementedError):
    """A compiled operator was called that this mmcv was built without."""


def stand_in_nms(
    boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int
) -> torch.Tensor:
    """Indices of the boxes that survive, best first; as the compiled operator.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        scores: (N,).
        iou_threshold: A box is dropped if it overlaps a better one by more.
        offset: Width and height are ``x2 - x1 + offset``.
    """
    device = boxes.device
    # Every step asks whether a box is still there; a GPU would be waited for each time.
    boxes, scores = boxes.cpu(), scores.cpu()
    order = scores.sort(descending=True, stable=True).indices
    boxes = boxes[order]
    areas = (boxes[:, 2:] - boxes[:, :2] + offset).prod(dim=1)
    alive = torch.ones(len(boxes), dtype=torch.bool)
    for i in range(len(boxes)):
        if not alive[i]:
            continue
        later_boxes = boxes[i + 1 :]
        sizes = torch.minimum(boxes[i, 2:], later_boxes[:, 2:]) - torch.maximum(
            boxes[i, :2], later_boxes[:, :2]
        )
        overlap = (sizes + offset).clamp(min=0).prod(dim=1)
        iou = overlap / (areas[i] + areas[i + 1 :] - overlap)
        alive[i + 1 :] &= ~(iou > iou_threshold)
    return order[alive].to(device)


def _missing(name: str) -> Callable[..., NoReturn]:
    if name.startswith('__'):  # what Python itself asks of a module
        raise AttributeError(name)

    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise MissingOperatorError(
            f"this model calls mmcv's compiled operator {name!r}, and the mmcv here was "
            'built without operators. Build it with them (a compiler, 10 to 20 '
            'minutes):  pip install --no-build-isolation --force-reinstall --no-deps '
            'onedl-mmcv'
        )

    return operator


def install_mmcv_ops_stand_in() -> None:
    """Put the stand-in where mmcv looks for its operators."""
    module = ModuleType(MODULE)
    module.nms = stand_in_nms
    module.__getattr__ = _missing
    module.__file__ = __file__
    module.__spec__ = ModuleSpec(MODULE, loader=None)  # MMEngine looks for it
    sys.modules[MODULE] = module


def add_nms_fallback(module: ModuleType) -> None:
    """Let mmcv's operators suppress on devices that they were not built for.

    Args:
        module: mmcv's own; its ``nms`` is replaced.
    """
    compiled = module.nms

    def nms_anywhere(
        boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int
    ) -> torch.Tensor:
        try:
            return compiled(boxes, scores, iou_threshold=iou_threshold, offset=offset)
        except RuntimeError as error:
            if NO_KERNEL not in str(error):
                raise
        return stand_in_nms(boxes, scores, iou_threshold, offset)

    module.nms = nms_anywhere
