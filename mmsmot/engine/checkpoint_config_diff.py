"""With which options a checkpoint was trained."""

from __future__ import annotations

import ast
from typing import Any

from ..utils.error_messages import shorten_error_text

PARTS = ('detector', 'semantics')
# What changes the speed, names weights that the checkpoint replaces, is for training alone,
# or is chosen at test.
IGNORED_OPTIONS = {
    *('batch_size', 'checkpoint', 'chunk_size', 'init_cfg', 'with_cp'),
    *('dropout', 'frozen', 'gamma', 'label_smoothing', 'loss_weights'),
    *('num_beams', 'score_threshold', 'span_parts', 'threshold'),
}
MAX_SHOWN_CHARACTERS = 40  # characters of a value that are shown


def config_differences(trained: str, tested: str) -> list[str]:
    """Options of detector and semantics in which two configs differ.

    Args:
        trained: The config in a checkpoint, the Python text that MMEngine writes. It is
            parsed and never run.
        tested: That of the test, written alike.

    Returns:
        ``'model.detector.score_power (0.5 there, 1.0 here)'`` by key; none where a text
        cannot be parsed.
    """
    try:
        train_options, test_options = _options(trained), _options(tested)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if not train_options or not test_options:
        return []
    return [
        f'{key} ({_shown(train_options, key)} there, {_shown(test_options, key)} here)'
        for key in sorted(train_options.keys() | test_options.keys())
        if train_options.get(key) != test_options.get(key)
        and not IGNORED_OPTIONS.intersection(key.split('.'))
    ]


def _options(text: str) -> dict[str, str]:
    """Texts of the values by dotted key."""
    options: dict[str, str] = {}
    for line in ast.parse(text).body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == 'model':
            model = _items(line.value) or {}
            for part in PARTS:
                if part in model:
                    _flatten(model[part], f'model.{part}', options)
    return options


def _flatten(node: ast.expr, key: str, options: dict[str, str]) -> None:
    items = _items(node)
    if items is None:
        options[key] = ast.unparse(node)
        return
    for name, value in items.items():
        _flatten(value, f'{key}.{name}', options)


def _shown(options: dict[str, str], key: str) -> str:
    return shorten_error_text(options.get(key, 'not set'), MAX_SHOWN_CHARACTERS)


def _items(node: ast.expr) -> dict[Any, ast.expr] | None:
    """Of ``dict(key=value)`` or ``{'key': value}``; ``None`` for what is neither."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == 'dict':
        return {item.arg: item.value for item in node.keywords}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {ast.unparse(key).strip('\'"'): value for key, value in pairs if key}
    return None
