"""Loading weights without running what a stranger put into the file."""

from __future__ import annotations

import os
import pickle
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import nn


def load_checkpoint(
    filename: str | os.PathLike, map_location: Any = 'cpu'
) -> dict[str, Any]:
    """Read a checkpoint: torch's format or safetensors.

    Nothing in the file is executed: only tensors, plain containers and the few classes
    that MMEngine's own training checkpoints hold are accepted.

    Args:
        filename: A ``.safetensors`` file, or anything that ``torch.save`` wrote.
        map_location: As of :func:`torch.load`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or holds objects that would have to be executed.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there is no checkpoint at {filename}')
    if path.suffix == '.safetensors':
        from safetensors.torch import load_file

        return {'state_dict': load_file(path, device='cpu')}
    try:
        with torch.serialization.safe_globals(_mmengine_classes()):
            loaded = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r'GLOBAL (\S+)', str(error))
        reason = f'it wants {refused[1]}' if refused else str(error).splitlines()[0]
        raise ValueError(
            f'{path} was not loaded: it holds more than weights, and loading it would '
            f'run code from the file ({reason}). If you trust whoever made it, load it '
            "yourself and save its state_dict as safetensors, or as {'state_dict': ...}."
        ) from error
    except (RuntimeError, EOFError) as error:
        raise ValueError(f'{path} is damaged or no checkpoint: {error}') from error
    if not isinstance(loaded, dict):
        raise ValueError(f'{path} holds a {type(loaded).__name__}, not a checkpoint')
    return loaded


def load_weights(model: nn.Module, filename: str | os.PathLike) -> None:
    """Load a checkpoint's weights into a model, all of them or none.

    Raises:
        ValueError: The checkpoint belongs to another model; names the first differences.
    """
    checkpoint = load_checkpoint(filename)
    weights = checkpoint.get('state_dict', checkpoint)
    own = model.state_dict()
    missing = [key for key in own if key not in weights]
    strange = [key for key in weights if key not in own]
    shapes = [
        f'{key} {tuple(weights[key].shape)} instead of {tuple(own[key].shape)}'
        for key in own
        if key in weights and weights[key].shape != own[key].shape
    ]
    if missing or strange or shapes:
        raise ValueError(
            f'{filename} belongs to another config than this {type(model).__name__}: '
            f'{len(missing)} weights missing {missing[:3]}, {len(strange)} unknown '
            f'{strange[:3]}, {len(shapes)} of another shape {shapes[:3]}'
        )
    model.load_state_dict(weights)


def make_mmengine_safe() -> None:
    """Let MMEngine load local checkpoints by :func:`load_checkpoint`.

    MMEngine's own loader falls back to unpickling anything when a file is refused.
    """
    from mmengine.runner.checkpoint import CheckpointLoader

    CheckpointLoader.register_scheme(
        prefixes='', loader=load_from_local_safely, force=True
    )


def load_from_local_safely(
    filename: str, map_location: Any = None
) -> dict[str, Any] | OrderedDict:
    """:func:`load_checkpoint` with the signature of MMEngine's loaders."""
    return load_checkpoint(filename, map_location)


def _mmengine_classes() -> list[Any]:
    """What MMEngine's training checkpoints hold beside tensors: histories of scalars."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    kinds = [np.float64, np.float32, np.int64, np.int32, np.bool_, np.uint32]
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        np._core.multiarray._reconstruct,
        np._core.multiarray.scalar,
        *(type(np.dtype(kind)) for kind in kinds),
        (_history_method, 'getattr'),
        (_history_method, 'builtins.getattr'),
        (_history_method, '__builtin__.getattr'),
    ]


def _history_method(owner: Any, name: str) -> Any:
    """What a pickled ``HistoryBuffer`` needs of ``getattr``: its own statistics."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('mean', 'max', 'min', 'current'):
        raise pickle.UnpicklingError(f'GLOBAL getattr({owner!r}, {name!r})')
    return getattr(owner, name)
