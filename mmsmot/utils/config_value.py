"""A config's value as it is typed on a command line."""

from __future__ import annotations

import ast
from typing import Any


def dict_value(text: str) -> Any:
    """A dict, or a list with dicts in it, in Python's notation; ``None`` for other texts.

    MMEngine's own notation of ``--cfg-options`` has numbers, texts, lists and tuples. A
    part of a model is a dict, which is read here. Nothing is executed: names are allowed
    as ``dict(...)``, ``True``, ``False`` and ``None`` alone.

    Raises:
        ValueError: It is such a text with something else in it, as a name without quotes.

    >>> dict_value("dict(type='SORT', max_age=3)")
    {'type': 'SORT', 'max_age': 3}
    >>> dict_value("[{'type': 'TopK'}]")
    [{'type': 'TopK'}]
    >>> dict_value('[1, a]') is None
    True
    """
    if 'dict(' not in text and '{' not in text:
        return None
    try:
        node = ast.parse(text.strip(), mode='eval').body
    except (SyntaxError, MemoryError, RecursionError) as error:
        if 'dict(' in text:
            raise ValueError(f'no Python dict: {error}') from error
        return None  # a file's name may have braces too, as '{name}.txt'
    if not any(_is_dict(part) for part in ast.walk(node)):
        return None
    if not (_is_dict(node) or isinstance(node, (ast.List, ast.Tuple))):
        return None
    return _value(node)


def _is_dict(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == 'dict'
    return isinstance(node, ast.Dict)


def _value(node: ast.expr) -> Any:
    """A literal, in which ``dict(...)`` may stand for a dict."""
    if isinstance(node, ast.Call) and _is_dict(node) and not node.args:
        values = {k.arg: k.value for k in node.keywords}
        if None not in values:
            return {name: _value(value) for name, value in values.items()}
    if isinstance(node, ast.Dict):
        keys = [key for key in node.keys if key is not None]  # None: of a **mapping
        if len(keys) == len(node.keys):
            return {
                _value(key): _value(value)
                for key, value in zip(keys, node.values, strict=True)
            }
    if isinstance(node, (ast.List, ast.Tuple)):
        elements = [_value(part) for part in node.elts]
        return elements if isinstance(node, ast.List) else tuple(elements)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(
            f'{ast.unparse(node)!r} is no literal: put texts in quotes, as in '
            "dict(type='SORT', max_age=3)"
        ) from None
