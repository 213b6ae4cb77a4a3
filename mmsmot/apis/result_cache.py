"""Telling whether a result that lies there is the one that would come out."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry

from .. import registry
from ..datasets import VideoReader
from ..evaluation.result_names import RESULT
from ..models.smot import SMOT
from ..structures import Prompt, prompt_to_dict
from ..structures.sample_json import FORMAT, VERSION
from ..utils.fingerprint import (
    code_fingerprint,
    file_fingerprint,
    package_fingerprint,
    video_fingerprint,
)
from ..utils.onnx_file import onnx_file_hash
from ..utils.weights_hash import weights_hash
from .result_files import read_infer_result, result_file_names

PACKAGE = Path(registry.__file__).parent
MAKERS = (
    'apis',
    'datasets',
    'evaluation',
    'models',
    'structures',
    'utils',
    'visualization',
)


def result_cache_key(
    model: SMOT, video: VideoReader, config_text: str, draw: bool
) -> dict[str, Any]:
    """Everything that a result depends on but its prompt, as JSON."""
    return {
        'video': None if video.is_live else video_fingerprint(video.video.path),
        'start': video.start,
        'end': video.end,
        'stride': video.stride,
        'config': config_text,
        'draw': draw,
        'inputs': _inputs(model, video),
        'code': [
            *(package_fingerprint(PACKAGE / maker) for maker in MAKERS),
            code_fingerprint(_modules(model)),
        ],
    }


def with_prompt_key(key: dict[str, Any], prompt: Prompt | None) -> dict[str, Any]:
    """The key of one prompt's result."""
    return {**key, 'prompt': None if prompt is None else prompt_to_dict(prompt)}


def _inputs(model: SMOT, video: VideoReader) -> list[str]:
    """Hashes of the weights and files that the pipeline's parts read."""
    hashes = [
        f'model {weights_hash(model)}',
        *model.estimator.fingerprint_of(video.video),
    ]
    fingerprint = getattr(model.semantics, 'fingerprint', None)
    if fingerprint is not None:
        hashes.append(f'semantics {fingerprint}')
    for part in (*model.estimator.parts(), *model.post_processing):
        for name, value in sorted(getattr(part, '__dict__', {}).items()):
            if isinstance(value, str | os.PathLike) and os.path.isfile(value):
                hash_of = (
                    onnx_file_hash if str(value).endswith('.onnx') else file_fingerprint
                )
                hashes.append(f'{type(part).__name__}.{name} {hash_of(value)}')
    return hashes


def _modules(model: SMOT) -> set[str]:
    """Modules of users' own parts: all that are registered, and those in the model."""
    parts = [*model.estimator.parts(), *model.post_processing]
    for value in vars(registry).values():
        if isinstance(value, Registry):
            parts += value.module_dict.values()
    modules = {getattr(part, '__module__', '') for part in parts if part is not None}
    package = registry.__name__.split('.')[0]
    return {name for name in modules if name and name.split('.')[0] != package}


def find_cached_result(out_dir: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON of the result in a folder if it has this key and all of its files.

    A live stream's is never the one that would come out.
    """
    result = read_infer_result(out_dir / RESULT)
    if result is None or key['video'] is None:
        return None
    is_new = (result.get('format'), result.get('version')) == (FORMAT, VERSION)
    if is_new and result['key'] == key:
        missing = [n for n in result_file_names(result) if not (out_dir / n).is_file()]
        if not missing:
            return result
        reason = f'lacks {", ".join(missing)}; done again'
    else:
        changed = [name for name in key if result['key'].get(name) != key[name]]
        changed = changed if is_new else ['format']
        reason = f'holds another result ({", ".join(changed)} differ); replaced'
    print_log(f'{out_dir} {reason}', logger='current', level=logging.WARNING)
    return None
