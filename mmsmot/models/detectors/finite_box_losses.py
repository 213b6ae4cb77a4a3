"""Losses that are not finite where the boxes of a head are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...utils.mmdet_bridge import import_mmdet


@contextmanager
def finite_box_terms(model: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Terms for the losses: 0, or NaN where a head's boxes are not finite.

    mmdet's CenterNetUpdateHead asserts that its boxes are, without a word and in one
    process of several, for which the others would wait. It gets boxes that are.
    """
    broken: list[torch.Tensor] = []

    def hold_back(_: nn.Module, __: Any, out: tuple) -> tuple:
        scores, boxes = out
        broken.extend((level.detach() * 0).sum() for level in boxes)
        return scores, [level.nan_to_num(0.0, 0.0, 0.0) for level in boxes]

    kind = import_mmdet().models.CenterNetUpdateHead
    heads = [part for part in model.modules() if isinstance(part, kind)]
    hooks = [head.register_forward_hook(hold_back) for head in heads]
    try:
        yield broken
    finally:
        for hook in hooks:
            hook.remove()


def add_finite_box_terms(loss: Any, terms: list[torch.Tensor]) -> Any:
    """A loss of mmdet, or a list of losses, plus the sum of some terms."""
    if isinstance(loss, list | tuple):
        return [add_finite_box_terms(part, terms) for part in loss]
    return loss + sum(terms) if terms else loss
