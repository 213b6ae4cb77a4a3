"""Checkpoints: weights are read and written, and no code in the file runs."""

from __future__ import annotations

import json
import os
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .atomic import atomic_path
from .legacy_names import upgraded_legacy_weights

ALIASES = 'same_as'  # metadata: names of tensors that stand there under another one
# torch.save compresses nothing; zlib brings the trained weights of the package to 92 %.
MAX_UNPACKED_RATIO = 4  # to the file's size
MIN_BOMB_BYTES = 1 << 24  # unpacked; less does no harm
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


class UnsafeCheckpointError(ValueError):
    """A file that would run code or fill the memory, where weights should be."""


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
        UnsafeCheckpointError: The file holds objects that would have to be executed, or
            unpacks to many times its size.
        ValueError: The file is damaged, or holds weights that are NaN; or it is a URL.
    """
    if '://' in str(filename):
        raise ValueError(
            f'{filename}: a URL, where the path of a file is expected: download the file '
            'and name its path (load_from in a config takes URLs)'
        )
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there is no checkpoint at {path.absolute()}')
    _refuse_bomb(path)
    loaded = _read(path, map_location)
    refuse_nan_weights(loaded.get('state_dict', loaded), path)
    return loaded


def _read(path: Path, map_location: Any) -> dict[str, Any]:
    try:
        if path.suffix == '.safetensors':
            return {'state_dict': _load_safetensors(path)}
        with torch.serialization.safe_globals(_mmengine_classes()):
            loaded = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(path, error) from error
    except (OSError, ImportError):
        raise
    except Exception as error:  # reading garbage as a pickle ends in any error there is
        raise ValueError(
            f'{path} is damaged or no checkpoint ({type(error).__name__}: {error})'
        ) from error
    if not isinstance(loaded, dict):
        raise ValueError(f'{path} holds a {type(loaded).__name__}, not a checkpoint')
    return loaded


def _refusal(path: Path, error: pickle.UnpicklingError) -> ValueError:
    """The cause that torch's reader names, without its advice for programmers."""
    text = str(error)
    if name := re.search(r'GLOBAL (\S+)', text):
        reason = f'it wants {name[1]}'
    elif kind := re.search(r"got <class '([^']+)'>", text):
        reason = f'it holds a {kind[1]}'
    else:
        lines = text.split('WeightsUnpickler error:')[-1].strip().splitlines()
        return ValueError(
            f'{path} is damaged or no checkpoint ({(lines or ["an odd pickle"])[0]})'
        )
    return UnsafeCheckpointError(
        f'{path} was not loaded: it holds more than weights, and loading it could run '
        f'code from the file ({reason}). If you trust whoever made it, load it yourself '
        "and save its state_dict as safetensors, or as {'state_dict': ...}."
    )


def _refuse_bomb(path: Path) -> None:
    """Refuse a small file that would fill the memory before anything of it is checked.

    Raises:
        UnsafeCheckpointError: It unpacks to many times its size.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return  # not packed at all, or for torch to refuse
    if unpacked > max(MAX_UNPACKED_RATIO * size, MIN_BOMB_BYTES):
        raise UnsafeCheckpointError(
            f'{path} was not loaded: its {size:,} bytes unpack to {unpacked:,}, which is '
            'no checkpoint but made to fill the memory'
        )


def refuse_nan_weights(weights: Any, path: str | os.PathLike) -> None:
    """Refuse weights of a training that diverged.

    A mask may hold some infinities; a tensor of nothing else, or with a NaN, is no weight.

    Raises:
        ValueError: Some are NaN, or all numbers of a tensor are infinite; names the first.
    """
    if not isinstance(weights, Mapping):
        return
    tensors = {
        name: weight
        for name, weight in weights.items()
        if isinstance(weight, torch.Tensor)
        and weight.dtype in FLOATS
        and weight.layout == torch.strided
        and not weight.is_meta
        # One number that stands for billions is no model's, and would fill the memory.
        and weight.nbytes <= weight.untyped_storage().nbytes()
    }
    broken = [name for name, weight in tensors.items() if _is_broken(weight)]
    if broken:
        raise ValueError(
            f'{path} holds weights that are no numbers (NaN, or only infinite) in '
            f'{len(broken)} of {len(tensors)} tensors {broken[:3]}: its training diverged, '
            'or the file is damaged. Use an earlier checkpoint.'
        )


def _is_broken(weight: torch.Tensor) -> bool:
    if weight.isfinite().all():
        return False
    # A single number may be infinite: a best loss so far, for example.
    only_infinite = weight.numel() > 1 and not weight.isfinite().any()
    return bool(only_infinite or weight.isnan().any())


def save_weights(
    model: nn.Module, filename: str | os.PathLike, half: bool = False
) -> None:
    """Write a model's weights as safetensors, whole or not at all.

    A tensor that stands in the model under several names (a decoder that two heads
    share) is written once; the other names stand in the file's metadata.

    Args:
        model: The model.
        filename: The file.
        half: 16 bits a weight; loading makes them 32 again.

    Raises:
        OSError: The file cannot be written, of a full disk for example.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    names: dict[tuple, str] = {}
    weights, aliases = {}, {}
    for name, value in model.state_dict(keep_vars=True).items():
        key = (value.data_ptr(), value.shape, value.stride())
        if isinstance(value, nn.Parameter) and key in names:
            aliases[name] = names[key]
            continue
        names[key] = name
        value = value.detach()
        weights[name] = value.half() if half and value.is_floating_point() else value
    weights = {name: value.contiguous() for name, value in weights.items()}
    with atomic_path(filename) as path:
        try:
            save_file(weights, str(path), metadata={ALIASES: json.dumps(aliases)})
        except SafetensorError as error:
            # It has the system's number in its text alone.
            number = re.search(r'os error (\d+)', str(error))
            if number is None:
                raise
            code = int(number[1])
            raise OSError(
                code,
                f'the weights were not written ({os.strerror(code)})',
                str(filename),
            ) from error


def _load_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import safe_open

    with safe_open(path, framework='pt', device='cpu') as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        aliases = json.loads((file.metadata() or {}).get(ALIASES, '{}'))
    return weights | {
        name: weights[stored_name] for name, stored_name in aliases.items()
    }


def load_weights(
    model: nn.Module, filename: str | os.PathLike, within: str | tuple[str, ...] = ''
) -> None:
    """Load a checkpoint's weights into a model, all of them or none.

    Args:
        model: The model.
        filename: The checkpoint.
        within: Where the model stands in a larger one (``'detector.model.'``), whose
            checkpoint will do too: its other weights are ignored. Of several such
            places, the first that the checkpoint has.

    Raises:
        ValueError: The checkpoint holds no weights, or those of another model; names the
            first differences.
    """
    checkpoint = load_checkpoint(filename)
    weights = checkpoint.get('state_dict', checkpoint)
    if within and isinstance(weights, dict):
        weights = _inside(weights, (within,) if isinstance(within, str) else within)
    require_checkpoint_weights(model, weights, filename)
    model.load_state_dict(upgraded_legacy_weights(weights, model.state_dict()))


def _inside(weights: dict[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    """The weights of one part of a larger model; all, where there is no such part."""
    for prefix in prefixes:
        names = [name for name in weights if str(name).startswith(prefix)]
        if names:
            return {name[len(prefix) :]: weights[name] for name in names}
    # In ema_* mmdet 2.x leaves the weights whose places their moving average took.
    return {k: weights[k] for k in weights if not str(k).startswith('ema_')}


def require_checkpoint_weights(
    model: nn.Module, weights: Any, filename: str | os.PathLike, partial: bool = False
) -> None:
    """Refuse weights that are not a model's.

    Args:
        model: The model.
        weights: Tensors by name.
        filename: Where they come from.
        partial: Some may be missing or unknown (a detector's alone, say), but what has
            the name of the model's must have its shape, and something must.
            Else only what a part names in ``may_lack`` may be missing.

    Raises:
        ValueError: They are no weights, or those of another model; names the first
            differences, or what a part's ``checkpoint_problem(weights, prefix)`` tells.
    """
    if not isinstance(weights, dict):
        raise ValueError(
            f'{filename}: its state_dict is a {type(weights).__name__}, not weights by name'
        )
    no_tensors = [k for k, w in weights.items() if not isinstance(w, torch.Tensor)]
    if no_tensors:
        raise ValueError(f'{filename} holds what are no weights: {no_tensors[:3]}')
    expected = model.state_dict()
    weights = upgraded_legacy_weights(weights, expected)
    for name, part in model.named_modules():
        if hasattr(part, 'checkpoint_problem'):
            problem = part.checkpoint_problem(weights, f'{name}.' if name else '')
            if problem is not None:
                raise ValueError(f'{filename}: {problem}')
    optional = {
        f'{name}.{key}' if name else key
        for name, part in model.named_modules(remove_duplicate=False)
        for key in getattr(part, 'may_lack', ())
    }
    missing = [key for key in expected if key not in weights and key not in optional]
    unknown = [key for key in weights if key not in expected]
    shapes = [
        f'{key} {tuple(weights[key].shape)} instead of {tuple(expected[key].shape)}'
        for key in expected
        if key in weights
        and weights[key].shape != expected[key].shape
        # What a part keeps beside its weights, its tokenizer for example, has any length.
        and not key.endswith('_extra_state')
    ]
    has_nothing = not any(key in weights for key in expected)
    if shapes or (has_nothing if partial else missing or unknown):
        raise ValueError(
            f'{filename} belongs to another config than this {type(model).__name__}: '
            f'{len(missing)} weights missing {missing[:3]}, {len(unknown)} unknown '
            f'{unknown[:3]}, {len(shapes)} of another shape {shapes[:3]}'
        )


def _mmengine_classes() -> list[Any]:
    """What MMEngine's training checkpoints hold beside tensors: histories of scalars."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    kinds = [np.float64, np.float32, np.int64, np.int32, np.bool_, np.uint32]
    core = getattr(np, '_core', None) or np.core  # NumPy 2, NumPy 1
    # A file has the names of the NumPy that wrote it.
    makers = [
        (getattr(core.multiarray, name), f'{module}.multiarray.{name}')
        for module in ('numpy.core', 'numpy._core')
        for name in ('_reconstruct', 'scalar')
    ]
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        *makers,
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
