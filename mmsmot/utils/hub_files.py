"""Files of a model of transformers: here, in the cache, or to be downloaded."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1e6  # as file managers and the hub's pages count
TIMEOUT = 5.0  # seconds to wait for the hub before what is known here is told
# Beside the weights, what transformers reads of a repository: configs, tokenizers,
# templates.
SMALL_FILES = ('.json', '.jinja', '.model', '.txt')
WEIGHTS, INDEX = 'model.safetensors', 'model.safetensors.index.json'


@dataclass(frozen=True)
class KnownHubModel:
    """A model that a config of ours names.

    Attributes:
        megabytes: What is downloaded of it.
        licence: Of its weights.
        source: Where size and licence were read.
    """

    megabytes: float
    licence: str
    source: str


PAGE = 'the list of files on its page on the hub, read in 2025'
KNOWN_MODELS: Mapping[str, KnownHubModel] = {
    'HuggingFaceTB/SmolVLM-500M-Instruct': KnownHubModel(1025, 'Apache-2.0', PAGE),
    'PekingU/rtdetr_v2_r18vd': KnownHubModel(
        80.8, 'Apache-2.0', 'its 20.2 million weights of 4 bytes'
    ),
    'ustc-community/dfine-small-coco': KnownHubModel(41.5, 'Apache-2.0', PAGE),
}


@dataclass(frozen=True)
class HubFiles:
    """Where the files of a model are, and how large they are.

    Attributes:
        name: Its name on the hub, or a folder.
        place: ``'folder'``, ``'cache'``, ``'hub'``: they are still to be downloaded; or
            ``'missing'``: it is no name of the hub, and there is no such folder.
        num_bytes: Of what transformers reads; ``None``: not known.
        source: Where the size is from.
        folder: Where they lie, or will lie.
        licence: Of the weights, where it is known.
        partial_bytes: Of a download that was broken off, and will go on.
    """

    name: str
    place: str
    num_bytes: int | None
    source: str
    folder: Path | None
    licence: str = ''
    partial_bytes: int = 0


def hub_files(name: str | os.PathLike, *, ask_hub: bool = True) -> HubFiles:
    """Where the files of a model are; nothing is downloaded.

    Args:
        name: A folder, or a name on the hub.
        ask_hub: Ask the hub for sizes where the model is not here; for ``TIMEOUT`` seconds.
    """
    text, path = str(name), Path(name).expanduser()
    known_model = KNOWN_MODELS.get(text)
    licence = known_model.licence if known_model else ''
    if path.is_dir():
        return HubFiles(text, 'folder', _bytes_in(path), 'the folder', path)
    if not is_hub_name(text):
        return HubFiles(text, 'missing', None, '', None)
    cache, snapshot = _cached(text)
    if snapshot is not None and _is_complete(snapshot):
        size = _bytes_in(snapshot)
        return HubFiles(text, 'cache', size, 'the cache', snapshot, licence)
    partial = sum(_size(file) for file in cache.glob('blobs/*.incomplete'))
    num_bytes = _bytes_on_hub(text) if ask_hub else None
    source = 'the hub' if num_bytes is not None else ''
    if num_bytes is None and known_model is not None:
        num_bytes, source = round(known_model.megabytes * MEGABYTE), known_model.source
    return HubFiles(text, 'hub', num_bytes, source, cache, licence, partial)


def hub_is_offline() -> bool:
    """Whether the environment says that the hub is not to be asked (``HF_HUB_OFFLINE``)."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def is_hub_name(name: str) -> bool:
    """Whether a text can be a name on the hub: ``model`` or ``owner/model``."""
    is_path = Path(name).is_absolute() or name.startswith(('.', '~'))
    return bool(name) and not is_path and name.count('/') <= 1


def format_bytes(num_bytes: int | None) -> str:
    """A size as a reader wants it.

    >>> format_bytes(80_839_232), format_bytes(1_025_000_000), format_bytes(None)
    ('80.8 MB', '1.02 GB', 'of unknown size')
    """
    if num_bytes is None:
        return 'of unknown size'
    if num_bytes >= 1000 * MEGABYTE:
        return f'{num_bytes / 1000 / MEGABYTE:.2f} GB'
    return f'{num_bytes / MEGABYTE:.1f} MB'


def how_to_get_hub_file(name: str) -> str:
    """How somebody without a network here gets a model of the hub."""
    known_model = KNOWN_MODELS.get(name)
    size = (
        f' ({format_bytes(round(known_model.megabytes * MEGABYTE))})'
        if known_model
        else ''
    )
    folder = name.rpartition('/')[2]
    return (
        f'With a network it is downloaded by its name{size}. Else, where there is one:  '
        f'hf download {name} --exclude "onnx/*" --local-dir {folder}  and copy the folder '
        'here'
    )


def _cached(name: str) -> tuple[Path, Path | None]:
    """The cache's folder of a model, and the files that transformers would read there."""
    from huggingface_hub import constants, try_to_load_from_cache
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(
        repo_id=name, repo_type='model'
    )
    config = try_to_load_from_cache(name, 'config.json')
    return folder, Path(config).parent if isinstance(config, str) else None


def _is_complete(folder: Path) -> bool:
    """Whether all files of the weights are there."""
    index = folder / INDEX
    if not index.is_file():
        return (folder / WEIGHTS).is_file()
    try:
        shards = set(json.loads(index.read_text())['weight_map'].values())
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return all((folder / shard).is_file() for shard in shards)


def _bytes_in(folder: Path) -> int:
    return sum(_size(file) for file in folder.iterdir() if _is_read(file.name))


def _is_read(name: str) -> bool:
    is_weight = name.startswith('model') and name.endswith('.safetensors')
    return '/' not in name and (is_weight or name.endswith(SMALL_FILES))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _bytes_on_hub(name: str) -> int | None:
    """What would be downloaded; ``None`` where the hub does not tell."""
    from huggingface_hub import HfApi

    if hub_is_offline():
        return None
    try:
        info: Any = HfApi().model_info(name, files_metadata=True, timeout=TIMEOUT)
        files = [f for f in info.siblings or [] if _is_read(f.rfilename)]
        return sum(file.size or 0 for file in files) or None
    except Exception:  # no network, no such model, a proxy: httpx's and the hub's own
        return None
