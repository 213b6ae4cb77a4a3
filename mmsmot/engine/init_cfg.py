"""The weights that a network starts from, where others follow."""

from __future__ import annotations

from typing import Any


def drop_init_cfg(model: Any) -> None:
    """Take the start weights out of a model's config, before a checkpoint of all of it.

    They would be fetched, which may take a network that is not there, and then be
    overwritten. A detector that is named and not written out keeps its own.

    Args:
        model: The config, changed in place.
    """
    children = model.values() if isinstance(model, dict) else model
    for child in [*children]:
        if isinstance(child, dict | list | tuple):
            drop_init_cfg(child)
    start = model.get('init_cfg') if isinstance(model, dict) else None
    if _is_pretrained(start):
        model['init_cfg'] = None
    elif isinstance(start, list | tuple):
        model['init_cfg'] = [init for init in start if not _is_pretrained(init)]


def _is_pretrained(start: Any) -> bool:
    return isinstance(start, dict) and start.get('type') == 'Pretrained'
