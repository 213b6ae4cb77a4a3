"""A hash of the weights of a model."""

from __future__ import annotations

import hashlib
import weakref
from collections import deque
from collections.abc import Mapping

import torch
from torch import nn

NUM_SAMPLES = 16  # numbers of each tensor that are read to notice a change
# Tensors, their stamp and their hash, of the models of the last calls.
_CACHE: deque[tuple[list[weakref.ref], str, str]] = deque(maxlen=16)


def weights_hash(model: nn.Module) -> str:
    """SHA-256 of a model's weights and their names, wherever they lie.

    It is cached, so that weights are read through once a process and not once a video,
    and computed again when they have changed: another tensor, a step of an optimiser, a
    checkpoint that was loaded.

    A limit: torch counts no writes through ``weight.data`` or NumPy. Those are noticed
    where they change one of the 16 numbers of a tensor that are compared. After a write of
    a few single numbers in one of these ways call :func:`forget_weights_hashes`.
    """
    weights = {
        name: weight
        for name, weight in model.state_dict(keep_vars=True).items()
        if isinstance(weight, torch.Tensor)  # not the extra state of a module
    }
    stamp = _stamp(weights)
    # A copy of a model shares its tensors; a name of an old tensor may be a new one's.
    lasting = [w for name, w in weights.items() if not _is_extra(name)]
    for tensors, cached_stamp, text in list(_CACHE):
        if cached_stamp == stamp and all(
            ref() is weight for ref, weight in zip(tensors, lasting, strict=True)
        ):
            return text
    text = _hash(weights)
    _CACHE.append(([weakref.ref(weight) for weight in lasting], stamp, text))
    return text


def forget_weights_hashes() -> None:
    """Let the next calls of :func:`weights_hash` read all weights again."""
    _CACHE.clear()


def _is_extra(name: str) -> bool:
    """Whether it is what a part keeps beside its weights, in a new tensor each time."""
    return name.endswith('_extra_state')


def _hash(weights: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, weight in weights.items():
        digest.update(f'{name} {weight.dtype} {tuple(weight.shape)}'.encode())
        digest.update(_bytes(weight.detach().contiguous().reshape(-1)))
    return digest.hexdigest()


def _stamp(weights: Mapping[str, torch.Tensor]) -> str:
    """What changes with the weights, without reading all of them.

    torch counts the writes to a tensor, but not those through ``.data``, as where averaged
    weights are swapped in; those change all numbers, so a few of them tell.
    """
    digest = hashlib.sha256()
    samples: dict[tuple, list[torch.Tensor]] = {}
    for name, weight in weights.items():
        # Inference tensors count nothing.
        version = str(-1 if weight.is_inference() else weight._version)
        if _is_extra(name):
            version = hashlib.sha256(_bytes(weight.detach().reshape(-1))).hexdigest()
        facts = name, weight.dtype, tuple(weight.shape), version
        digest.update(repr(facts).encode())
        kind = weight.dtype, weight.device
        samples.setdefault(kind, []).append(_sample(weight.detach()))
    for parts in samples.values():
        digest.update(_bytes(torch.cat(parts)))
    return digest.hexdigest()


def _sample(weight: torch.Tensor) -> torch.Tensor:
    """Some numbers from all over a tensor."""
    if weight.ndim == 4 and weight.is_contiguous(memory_format=torch.channels_last):
        weight = weight.permute(0, 2, 3, 1)  # as it lies in memory: nothing is copied
    return weight.reshape(-1)[:: max(1, weight.numel() // NUM_SAMPLES)]


def _bytes(flat: torch.Tensor) -> memoryview:
    return memoryview(flat.cpu().contiguous().view(torch.uint8).numpy())
