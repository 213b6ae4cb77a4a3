"""MMEngine's ways to a checkpoint, led through our own reader."""

from __future__ import annotations

import http.client
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlparse

import torch
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from .checkpoint import load_checkpoint
from .fingerprint import file_fingerprint, text_fingerprint
from .full_disk import is_disk_full

Loader = Callable[..., dict[str, Any]]
# What only the owners of these stores can reach, and MMEngine unpickles as it comes.
REFUSED_SCHEMES = ('pavi://', r'(\S+\:)?s3://', r'(\S+\:)?petrel://')


def make_mmengine_safe() -> None:
    """Let MMEngine read every checkpoint by :func:`~.checkpoint.load_checkpoint`.

    Its own loaders fall back to unpickling whatever a file holds, wherever it comes from:
    ``load_from``, ``resume``, or ``init_cfg=dict(type='Pretrained')`` inside a model.
    """
    loaders: dict[Loader, tuple[str, ...]] = {
        load_from_local_safely: ('',),
        load_from_url_safely: ('http://', 'https://'),
        load_from_torchvision_safely: ('modelzoo://', 'torchvision://'),
        load_from_openmmlab_safely: ('open-mmlab://', 'openmmlab://'),
        load_from_mmcls_safely: ('mmcls://',),
        refuse_unsafe_mmengine_store: REFUSED_SCHEMES,
    }
    for loader, prefixes in loaders.items():
        CheckpointLoader.register_scheme(
            prefixes=list(prefixes), loader=loader, force=True
        )


def load_from_local_safely(filename: str, map_location: Any = None) -> dict[str, Any]:
    """A file, with the signature of MMEngine's loaders."""
    return load_checkpoint(filename, map_location)


def load_from_url_safely(filename: str, map_location: Any = None) -> dict[str, Any]:
    """A URL, kept where torch keeps what it downloads; one process of a node does it.

    Raises:
        ConnectionError: It cannot be downloaded.
        ValueError: It names no file; or see :func:`~.checkpoint.load_checkpoint`.
    """
    path = _download_path(filename)
    first = int(os.environ.get('LOCAL_RANK', 0)) == 0
    if first and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(filename, path)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
    return load_checkpoint(path, map_location)


def _download(url: str, path: Path) -> None:
    try:
        torch.hub.download_url_to_file(url, str(path), progress=os.isatty(2))
    except (OSError, http.client.HTTPException) as error:  # of urllib, without the URL
        if is_disk_full(error):
            raise
        raise ConnectionError(
            f'{url} cannot be downloaded: {error}. Check the address and the network, or '
            'download the file elsewhere and name it by its path'
        ) from error


def _download_path(url: str) -> Path:
    """Where what was downloaded from a URL lies.

    Many files are called ``model.pth``, so each URL has a folder of its own. Where the name
    ends in the content's hash, as those of torchvision and OpenMMLab do, the file that
    torch itself would use does as well, if the hash is its own.

    Raises:
        ValueError: The URL names no file.
    """
    name = urlparse(url).path.rsplit('/', 1)[-1]
    if name in ('', '.', '..'):
        raise ValueError(
            f'{url} names no checkpoint: a URL must end in the name of a file, such as '
            'https://host/path/model.pth'
        )
    folder = Path(torch.hub.get_dir()) / 'checkpoints'
    hashed = re.search(r'-([0-9a-f]{8,})\.[^.]+$', name)
    plain = folder / name
    if hashed and plain.is_file() and file_fingerprint(plain).startswith(hashed[1]):
        return plain
    return folder / text_fingerprint(url)[:16] / name


def load_from_torchvision_safely(
    filename: str, map_location: Any = None
) -> dict[str, Any]:
    """``torchvision://resnet50`` and its like."""
    urls = mmengine_checkpoint.get_torchvision_models()
    return load_from_url_safely(_look_up(urls, filename), map_location)


def load_from_openmmlab_safely(
    filename: str, map_location: Any = None
) -> dict[str, Any]:
    """``open-mmlab://detectron2/resnet50_caffe`` and its like."""
    urls = mmengine_checkpoint.get_external_models()
    for old, new in mmengine_checkpoint.get_deprecated_model_names().items():
        urls.setdefault(old, urls.get(new, ''))
    url = _look_up(urls, filename)
    if url.startswith(('http://', 'https://')):
        return load_from_url_safely(url, map_location)
    caches = os.environ.get('XDG_CACHE_HOME', '~/.cache')
    cache_folder = Path(os.environ.get('MMENGINE_HOME', f'{caches}/mmengine'))
    return load_checkpoint(cache_folder / url, map_location)


def load_from_mmcls_safely(filename: str, map_location: Any = None) -> dict[str, Any]:
    """``mmcls://...``: the backbone of a classifier."""
    url = _look_up(mmengine_checkpoint.get_mmcls_models(), filename)
    loaded = load_from_url_safely(url, map_location)
    prefix = 'backbone.'
    weights = loaded.get('state_dict', loaded)
    return {
        'state_dict': {
            name.removeprefix(prefix): weight
            for name, weight in weights.items()
            if name.startswith(prefix)
        }
    }


def refuse_unsafe_mmengine_store(filename: str, map_location: Any = None) -> NoReturn:
    """Refuse a store whose files would be executed.

    Raises:
        ValueError: Always; says what to do.
    """
    raise ValueError(
        f'{filename}: checkpoints are not read from there, since MMEngine would run what '
        'is inside them. Download the file and name it by its path.'
    )


def _look_up(urls: dict[str, str], filename: str) -> str:
    scheme, name = filename.split('://', 1)
    if not urls.get(name):
        raise KeyError(f'MMEngine knows no checkpoint {name!r} for {scheme}://')
    return urls[name]
