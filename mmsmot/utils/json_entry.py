"""An object in a JSON file from anywhere, whose values are checked when they are read."""

from __future__ import annotations

from typing import Any, NoReturn
from unicodedata import category

from .number_ranges import FINITE, NumberRange

_REQUIRED = object()


class JsonEntry:
    """One object of a JSON file.

    Every method gives the value of a key, or ``default`` where the key is missing or
    null and there is a default.

    Args:
        values: The object.
        location: The file and the place in it, for messages.

    Raises:
        ValueError: A value is not what is asked for; names file, place and key.
    """

    def __init__(self, values: dict[str, Any], location: str) -> None:
        self.values = values
        self.location = location

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def fail(self, message: str) -> NoReturn:
        """Raise a ``ValueError`` that names the place."""
        raise ValueError(f'{self.location}: {message}')

    def integer(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return self.number(key, NumberRange(low, high, integer=True), default)

    def number(
        self, key: str, allowed: NumberRange = FINITE, default: Any = _REQUIRED
    ) -> Any:
        """A number of a range."""
        value = self._value(key, default)
        if value is not default and value not in allowed:
            self._refuse(key, str(allowed), value)
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        """Any text that can be written as UTF-8."""
        value = self._value(key, default)
        if value is not default:
            self.require_text(value, repr(key))
        return value

    def name(self, key: str) -> str:
        """A text that can be part of a path: on one line, without control characters."""
        value = self.text(key)
        # Not isprintable(): joiners are in names of several scripts.
        if not value.strip() or any(category(c) in ('Cc', 'Zl', 'Zp') for c in value):
            self._refuse(key, 'a name without control characters', value)
        return value

    def items(self, key: str, kind: type, default: Any = _REQUIRED) -> Any:
        """A ``list`` or a ``dict``."""
        value = self._value(key, default)
        if value is not default and not isinstance(value, kind):
            self._refuse(key, 'a list' if kind is list else 'an object', value)
        return value

    def entries(self, key: str, default: Any = _REQUIRED) -> list[JsonEntry]:
        """A list of objects."""
        rows = self.items(key, list, default)
        return [self.entry(row, f'{key}[{i}]') for i, row in enumerate(rows)]

    def entry(self, value: Any, place: str) -> JsonEntry:
        """An object inside of this one."""
        if not isinstance(value, dict):
            self.fail(f'{place} must be an object, got {value!r:.60}')
        return JsonEntry(value, f'{self.location}: {place}')

    def require_text(self, value: Any, what: str) -> None:
        """Refuse what is no text, or cannot be written: half a surrogate pair."""
        if not isinstance(value, str):
            self.fail(f'{what} must be a text, got {value!r:.60}')
        try:
            value.encode()
        except UnicodeEncodeError as error:
            self.fail(
                f'{what} holds half a surrogate pair, {value[error.start]!a}, at '
                f'character {error.start}: that is no text. Correct it.'
            )

    def _value(self, key: str, default: Any) -> Any:
        value = self.values.get(key)
        if value is not None:
            return value
        if default is _REQUIRED:
            self.fail(f'there is no {key!r}')
        return default

    def _refuse(self, key: str, expected: str, value: Any) -> NoReturn:
        self.fail(f'{key!r} must be {expected}, got {value!r:.60}')
