"""Checkpoints of the released SMOTer and of what it starts from, read and told apart."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch

from mmsmot.utils.checkpoint import load_checkpoint, refuse_nan_weights

PARALLEL = 'module.'  # before every name in what DistributedDataParallel saved
# What a checkpoint holds, by a beginning that one of its names has; the first that fits.
STAGES = {
    'smoter': 'roi_heads.fusion_module.',
    'grit': 'roi_heads.text_decoder.',
    'detector': 'proposal_generator.centernet_head.',
    'dla': 'base_layer.',
}
HOLDERS = ('model', 'state_dict')  # of detectron2 and of others, beside their optimizer


def read_released(filename: str | os.PathLike) -> dict[str, torch.Tensor]:
    """Weights by their released names; what else the file holds is not read.

    The prefix of a model that several processes trained is taken off.

    Args:
        filename: What detectron2's checkpointer wrote, or weights by name.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, would run code, or holds no weights; or some are NaN.
    """
    loaded: Any = load_checkpoint(filename)
    for holder in HOLDERS:
        if isinstance(loaded.get(holder), Mapping):
            loaded = loaded[holder]
            break
    weights = {str(k): w for k, w in loaded.items() if isinstance(w, torch.Tensor)}
    if not weights:
        raise ValueError(
            f'{filename} holds no weights: neither tensors by name nor a dict of them under '
            f"'model' (its keys: {sorted(map(str, loaded))[:5]})"
        )
    refuse_nan_weights(weights, filename)
    if all(name.startswith(PARALLEL) for name in weights):
        weights = {name.removeprefix(PARALLEL): w for name, w in weights.items()}
    return weights


def stage_of(weights: Mapping[str, torch.Tensor], filename: str | os.PathLike) -> str:
    """What a checkpoint holds.

    Args:
        weights: By their released names.
        filename: Where they come from.

    Returns:
        ``'smoter'``, the whole model; ``'detector'``, GTR's; ``'grit'``, GRiT's dense
        captioning, whose text decoder SMOTer starts from; ``'dla'``, DLA-34 alone.

    Raises:
        ValueError: None of them.
    """
    for stage, prefix in STAGES.items():
        if any(name.startswith(prefix) for name in weights):
            return stage
    raise ValueError(
        f"{filename} is no checkpoint of the released SMOTer, of GTR's detector, of GRiT "
        f'or of DLA-34: it has {len(weights)} weights {sorted(weights)[:3]}'
    )
