"""What a part's constructor takes, held against what a config gives it."""

from __future__ import annotations

import difflib
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from .error_messages import shorten_error_text

BUILDERS_OWN = {'type', '_scope_', '_delete_'}
SIMPLE = {
    bool: ((bool,), 'True or False'),
    int: ((numbers.Integral,), 'a whole number'),
    float: ((numbers.Real,), 'a number'),
    str: ((str, os.PathLike), 'text'),
    type(None): ((type(None),), 'None'),
}
SEQUENCES = (list, tuple, set, frozenset, Sequence, Iterable, Collection)
OF_VALUES = (Enum, np.ndarray, np.generic)  # made of text, numbers or lists
NEVER_PARTS = (type(None), str, bool, int, float, list, tuple)
MAX_SHOWN_CHARACTERS = 80  # characters of a value that a message shows


def argument_names(part: Callable) -> list[str]:
    """The names that a class or function takes."""
    return [*inspect.signature(part).parameters]


def require_arguments(
    part: Callable,
    config: dict[str, Any],
    path: str,
    also: Iterable[str] = (),
    supplied: Iterable[str] = (),
) -> None:
    """Refuse what a constructor would stumble over, before anything is built.

    Args:
        part: The class or function.
        config: Its dict in the config.
        path: Where that dict stands, for the messages.
        also: Names that the builder takes out.
        supplied: Arguments that the builder gives.

    Raises:
        KeyError: An argument that it does not take, or one that it lacks.
        ValueError: Text where a number belongs, and the like.
    """
    parameters = inspect.signature(part).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    argument_list = [*parameters]
    for name in config:
        if name not in parameters and name not in {*BUILDERS_OWN, *also}:
            raise KeyError(
                f'{path}: {part.__name__} takes no {name!r}.'
                + did_you_mean(name, argument_list)
                + f' It takes: {", ".join(argument_list) or "nothing"}. Where another part stood '
                'before, its arguments stay unless the new dict says _delete_=True.'
            )
    for name, parameter in parameters.items():
        known_later = name in config or name in supplied
        if parameter.default is parameter.empty and not known_later:
            raise KeyError(f'{path}: {part.__name__} needs {name!r}, which is missing')
    hints = _hints(part)
    for name, value in config.items():
        is_default = name in parameters and value is parameters[name].default
        if name in hints and name not in supplied and not is_default:
            _require_type(value, hints[name], f'{path}.{name}', part.__name__)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence that names the most similar of the known names, if any is."""
    names = [*dict.fromkeys(names)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    close = close or [candidate for candidate in names if name in candidate][:3]
    return f' Did you mean {" or ".join(map(repr, close))}?' if close else ''


def _hints(part: Callable) -> dict[str, Any]:
    """Resolved annotations; those of names that only checkers import are left out."""
    function = part.__init__ if inspect.isclass(part) else part
    names = getattr(inspect.unwrap(function), '__globals__', {})
    hints: dict[str, Any] = {}
    for name, hint in getattr(function, '__annotations__', {}).items():
        try:
            holder = types.SimpleNamespace(__annotations__={name: hint})
            hints |= typing.get_type_hints(holder, names)
        except (NameError, TypeError, AttributeError, SyntaxError):
            continue
    return hints


def _require_type(value: Any, hint: Any, path: str, owner: str) -> None:
    """Refuse a value of another kind than a constructor's hint names, as far as told."""
    if _fits(value, hint):
        return
    expected = ' or '.join(dict.fromkeys(map(_in_words, _members(hint))))
    text = shorten_error_text(repr(value), MAX_SHOWN_CHARACTERS)
    raise ValueError(
        f'{path}: {owner} wants {expected}, got {text} ({type(value).__name__})'
    )


def _members(hint: Any) -> tuple[Any, ...]:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value may be what a hint names; what cannot be told may."""
    return any(_fits_one(value, kind) for kind in _members(hint))


def _fits_one(value: Any, kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    if kind in SIMPLE:
        is_bool = isinstance(value, bool)
        return isinstance(value, SIMPLE[kind][0]) and (kind is bool or not is_bool)
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if kind is Any or not isinstance(origin, type):
        return True
    if issubclass(origin, Mapping):
        return isinstance(value, Mapping)
    if origin in SEQUENCES:
        return _fits_sequence(value, typing.get_args(kind))
    if issubclass(origin, os.PathLike):
        return isinstance(value, str | os.PathLike)
    if origin is Callable:
        return callable(value) or isinstance(value, Mapping)
    # Of a part's own class. What is no number, text or list may be built into one.
    is_part = not issubclass(origin, OF_VALUES)
    return not (is_part and isinstance(value, NEVER_PARTS)) or isinstance(value, origin)


def _fits_sequence(value: Any, items: tuple[Any, ...]) -> bool:
    if not isinstance(value, list | tuple):
        return isinstance(value, set | frozenset | range | np.ndarray)
    kinds = [item for item in items if item is not Ellipsis]
    return len(kinds) != 1 or all(_fits(item, kinds[0]) for item in value)


def _in_words(kind: Any) -> str:
    origin = typing.get_origin(kind) or kind
    if kind in SIMPLE:
        return SIMPLE[kind][1]
    if origin is typing.Literal:
        return ' or '.join(map(repr, typing.get_args(kind)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return 'a dict'
    if origin in SEQUENCES:
        members = [m for item in typing.get_args(kind)[:1] for m in _members(item)]
        items = ' or '.join(dict.fromkeys(map(_in_words, members)))
        return f'a list (of {items})' if items else 'a list'
    if origin is Callable:
        return 'a function'
    return getattr(kind, '__name__', str(kind))
