"""What a part's constructor takes, held against what a config gives it."""

from __future__ import annotations

import difflib
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

BUILDERS_OWN = {'type', '_scope_', '_delete_'}
SIMPLE = {
    bool: ((bool,), 'True or False'),
    int: ((numbers.Integral,), 'a whole number'),
    float: ((numbers.Real,), 'a number'),
    str: ((str, os.PathLike), 'text'),
    type(None): ((type(None),), 'None'),
}


def argument_names(part: Callable) -> list[str]:
    """The names that a class or function takes."""
    return [*inspect.signature(part).parameters]


def require_arguments(
    part: Callable,
    given: dict[str, Any],
    path: str,
    also: Iterable[str] = (),
    supplied: Iterable[str] = (),
) -> None:
    """Refuse what a constructor would stumble over, before anything is built.

    Args:
        part: The class or function.
        given: Its dict in the config.
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
    known = [*parameters]
    for name in given:
        if name not in parameters and name not in {*BUILDERS_OWN, *also}:
            raise KeyError(
                f'{path}: {part.__name__} takes no {name!r}.'
                + did_you_mean(name, known)
                + f' It takes: {", ".join(known) or "nothing"}. Where another part stood '
                'before, its arguments stay unless the new dict says _delete_=True.'
            )
    for name, parameter in parameters.items():
        known_later = name in given or name in supplied
        if parameter.default is parameter.empty and not known_later:
            raise KeyError(f'{path}: {part.__name__} needs {name!r}, which is missing')
    hints = _hints(part)
    for name, value in given.items():
        if name in hints:
            _require_type(value, hints[name], f'{path}.{name}', part.__name__)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the most similar of the known names, if any is."""
    known = [*dict.fromkeys(known)]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    close = close or [other for other in known if name in other][:3]
    return f' Did you mean {" or ".join(map(repr, close))}?' if close else ''


def _hints(part: Callable) -> dict[str, Any]:
    function = part.__init__ if inspect.isclass(part) else part
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        return {}  # annotations of a module that imports some names for checkers only


def _require_type(value: Any, hint: Any, path: str, owner: str) -> None:
    """Only hints made of numbers, text, truth values and None are held to."""
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    allowed = typing.get_args(hint) if union else (hint,)
    if not all(kind in SIMPLE for kind in allowed):
        return
    for kind in allowed:
        if isinstance(value, SIMPLE[kind][0]) and (
            kind is bool or not isinstance(value, bool)
        ):
            return
    wanted = ' or '.join(SIMPLE[kind][1] for kind in allowed)
    raise ValueError(
        f'{path}: {owner} wants {wanted}, got {value!r} ({type(value).__name__})'
    )
