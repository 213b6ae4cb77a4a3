"""Models of ``transformers`` by name or folder, without running what is in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from mmengine.logging import print_log

from .checkpoint import refuse_nan_weights
from .fingerprint import text_fingerprint
from .hub_files import (
    format_bytes,
    how_to_get_hub_file,
    hub_files,
    hub_is_offline,
    is_hub_name,
)
from .weights_hash import weights_hash

# Weights are read from safetensors alone, and no code that comes with a model is run.
SAFE = {'trust_remote_code': False}


def import_transformers() -> ModuleType:
    """Import ``transformers``.

    Raises:
        ImportError: It is missing; says how to get it.
    """
    try:
        import transformers
    except ImportError as error:
        raise ImportError(
            f'this part needs transformers ({error}):  pip install "transformers>=5,<6"'
        ) from error
    return transformers


def load_pretrained(
    kind: str, processor_kind: str, name: str | os.PathLike | None, dtype: str = 'auto'
) -> tuple[Any, Any]:
    """A model with its weights, in evaluation mode, and what prepares its inputs.

    Args:
        kind: The class that finds the model's own: ``'AutoModelForObjectDetection'``.
        processor_kind: The same of its processor: ``'AutoImageProcessor'``.
        name: A folder with ``config.json``, or a name on the Hugging Face hub.
        dtype: Number type of the weights; ``'auto'``: as saved.

    Returns:
        The model and the processor.

    Raises:
        FileNotFoundError: There is no such folder, or no such model can be had.
        ValueError: It cannot be read safely, it is of another kind, its weights are NaN,
            half a download, or not all there.
        ImportError: A package that it wants is missing.
    """
    location = _locate(kind, name)
    transformers = import_transformers()
    is_folder = Path(location).is_dir()
    if not is_folder:
        _log_download(location)
    options = {**SAFE, 'local_files_only': is_folder}
    try:
        processor = getattr(transformers, processor_kind).from_pretrained(
            location, **options
        )
        model, report = getattr(transformers, kind).from_pretrained(
            location,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
            **options,
        )
    except ImportError as error:
        raise ImportError(f'model {name}: {error}') from error
    except OSError as error:
        raise _unreadable(name, location, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{name} cannot be loaded as {kind}: {_first_line(error)}'
        ) from error
    except RuntimeError as error:
        if 'mismatched_sizes' not in str(error):
            raise
        raise ValueError(
            f'{name} cannot be loaded as {kind}: its weights have other shapes than its '
            'config.json says (listed above), so its files are of two models. Get them '
            f'again. {_how_to_get(location)}'
        ) from error
    except Exception as error:  # safetensors' own errors have no other base
        if type(error).__name__ != 'SafetensorError':
            raise
        raise _damaged(name, location, error) from error
    _require_all_weights(model, report, name)
    refuse_nan_weights(model.state_dict(), name)
    return model.eval(), processor


def pretrained_fingerprint(model: Any, processor: Any) -> str:
    """A hash of a model's weights, its config and its processor, wherever they lie."""
    config = model.config.to_dict()
    config.pop('_name_or_path', None)
    parts = [config, processor.to_dict()]
    text = json.dumps(parts, sort_keys=True, default=str)
    return text_fingerprint(text + weights_hash(model))


def _locate(kind: str, name: str | os.PathLike | None) -> str:
    if name is None:
        raise FileNotFoundError(
            f'no model: {kind} needs the path of a folder or a name on the hub'
        )
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / 'config.json').is_file():
            raise FileNotFoundError(
                f'no model {name}: the folder has no config.json; it should be one that '
                'save_pretrained wrote, or a download of all files of a model'
            )
        return str(path)
    text = str(name)
    if not is_hub_name(text):
        raise FileNotFoundError(f'no model {name}: there is no such folder')
    return text


def _unreadable(name: Any, location: str, error: OSError) -> Exception:
    """What to tell of an ``OSError``, which transformers raises for most troubles."""
    folder = Path(location)
    if not folder.is_dir():
        return FileNotFoundError(
            f'no model {name}: it is neither a folder here nor in the cache, and the hub '
            'did not give it (no network, HF_HUB_OFFLINE, no such model, or one that asks '
            f'for a login). {_how_to_get(location)}; its path '
            'takes the place of the name (for a detector --weights FOLDER).'
        )
    pickles = sorted(p.name for p in (*folder.glob('*.bin'), *folder.glob('*.pt')))
    if pickles and not list(folder.glob('*.safetensors')):
        return ValueError(
            f'{name} was not loaded: it has its weights as {pickles[0]}, a pickle, which '
            'can run code. Get the model as safetensors, or load it yourself if you trust '
            'whoever made it and save it with save_pretrained.'
        )
    return FileNotFoundError(f'{name} is not complete: {_first_line(error)}')


def _damaged(name: Any, location: str, error: Exception) -> ValueError:
    """What to tell of a safetensors file that is cut off or none."""
    sizes = [
        f'{file.name} ({file.stat().st_size:,} bytes)'
        for file in sorted(Path(location).glob('*.safetensors'))
    ]
    files = ', '.join(sizes) or 'a file in the cache'
    return ValueError(
        f'{name} was not loaded: its weights, {files}, are half a download or no weights '
        f'({_first_line(error)}). Get them again. {_how_to_get(location)}'
    )


def _require_all_weights(model: Any, report: Any, name: Any) -> None:
    """Refuse a model of which transformers made up a part.

    Raises:
        ValueError: Parameters were not among its weights; names the first.
    """
    missing_keys = set(report['missing_keys'])
    missing = [key for key, _ in model.named_parameters() if key in missing_keys]
    if missing:
        raise ValueError(
            f'{name} lacks {len(missing)} of the {len(list(model.parameters()))} tensors of '
            f'a {type(model).__name__} {missing[:3]}, which would be random numbers: its '
            'files are of another model (of its backbone alone, say), or not all there'
        )


def _log_download(name: str) -> None:
    """Say what is going to be downloaded, where the model is not in the cache."""
    files = hub_files(name, ask_hub=False)
    if files.place == 'hub' and not hub_is_offline():
        print_log(
            f'{name} is not in the cache {files.folder}: it will be downloaded '
            f'({format_bytes(files.num_bytes)})',
            logger='current',
        )


def _how_to_get(location: str) -> str:
    return how_to_get_hub_file(location) if is_hub_name(location) else ''


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
