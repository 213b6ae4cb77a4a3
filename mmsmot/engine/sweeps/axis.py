"""An axis of a sweep: values by name, and what each of them sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...utils.error_messages import shorten_error_text

# Arguments of tools/train.py and tools/test.py that are no keys of a config.
ARGUMENTS = ('config', 'seed', 'checkpoint', 'weights', 'reid_weights', 'data_root')
MAX_LABEL = 60  # characters: several labels make a folder's name
HELP = (
    "an axis is a list of configs, as tracker=['two_stage/sort_yolox-nano', ...], a list "
    "of values of one key, as {'model.tracker.max_age': [10, 30]}, or values by name, as "
    "tau_p={'low': {'model.tracker.track_threshold': 0.3}, ...}"
)


@dataclass(frozen=True)
class AxisSetting:
    """What one value of an axis, a stage or a sweep sets.

    Attributes:
        arguments: Of the tools, by the names in :data:`ARGUMENTS`.
        options: Dotted keys of the config to values.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def __or__(self, other: AxisSetting) -> AxisSetting:
        """Both; where both set the same, ``other`` wins."""
        return AxisSetting(
            self.arguments | other.arguments, self.options | other.options
        )


@dataclass(frozen=True)
class Axis:
    """The values of an axis in the order of the file.

    Attributes:
        name: Its name; of one key's values the key.
        settings: What each value sets, by label.
    """

    name: str
    settings: dict[str, AxisSetting]


def read_axis(name: str, values: Any, location: str) -> Axis:
    """The axis that a sweep file describes.

    Args:
        name: A free name, an argument (``'seed'``) or a dotted key of the config.
        values: A list of what the name sets or of configs, or labels to what they set.
        location: The file and the place in it, for messages.

    Raises:
        ValueError: It is empty, two values have one label, or a value sets nothing.
    """
    if isinstance(values, Mapping):
        pairs = [(str(label), value) for label, value in values.items()]
    elif isinstance(values, Sequence) and not isinstance(values, str):
        pairs = [(_label(value), value) for value in values]
    else:
        raise ValueError(f'{location}: got {values!r:.80}; {HELP}')
    if not pairs:
        raise ValueError(
            f'{location}: is empty, so that there would be no cell; {HELP}'
        )
    settings: dict[str, AxisSetting] = {}
    for label, value in pairs:
        if not label or len(label) > MAX_LABEL:
            raise ValueError(
                f'{location}: {shorten_error_text(label, 80)!r} is no label of 1 to {MAX_LABEL} '
                f'characters; name the value, as {{"name": {value!r:.40}}}'
            )
        folder_names = [axis_folder_name(earlier_label) for earlier_label in settings]
        if label in settings or axis_folder_name(label) in folder_names:
            raise ValueError(
                f'{location}: two values are called {label!r} (as a folder '
                f'{axis_folder_name(label)!r}); give them names, as {{"a": ..., "b": ...}}'
            )
        settings[label] = _setting(name, value, f'{location}.{label}')
    return Axis(name, settings)


def read_axis_setting(value: Mapping, location: str) -> AxisSetting:
    """What a mapping of arguments and dotted keys sets.

    Raises:
        ValueError: A name is neither an argument nor a dotted key.
    """
    arguments, options = {}, {}
    for key, item in value.items():
        if key in ARGUMENTS:
            arguments[key] = item
        elif isinstance(key, str) and ('.' in key or key == 'model'):
            options[key] = item
        else:
            raise ValueError(
                f'{location}: {key!r:.80} is no dotted key of a config, such as '
                f"'model.tracker.max_age', and none of {', '.join(ARGUMENTS)}"
            )
    return AxisSetting(arguments, options)


def axis_folder_name(label: str) -> str:
    """A label as a part of a folder's name."""
    return re.sub(r'[^\w.+=-]+', '-', label).strip('-.') or 'value'


def short_axis_names(axes: Sequence[str]) -> dict[str, str]:
    """Axes to what stands behind the last dot of them, where that names one of them.

    >>> short_axis_names(['seed', 'model.tracker.max_age'])
    {'seed': 'seed', 'model.tracker.max_age': 'max_age'}
    """
    names = [axis.rsplit('.', 1)[-1] for axis in axes]
    return {
        axis: name if names.count(name) == 1 else axis
        for axis, name in zip(axes, names, strict=True)
    }


def _setting(name: str, value: Any, location: str) -> AxisSetting:
    if name in ARGUMENTS:
        return AxisSetting({name: value})
    if '.' in name:
        return AxisSetting(options={name: value})
    if isinstance(value, str):
        return AxisSetting({'config': value})
    if isinstance(value, Mapping):
        return read_axis_setting(value, location)
    raise ValueError(f'{location}: got {value!r:.80}; {HELP}')


def _label(value: Any) -> str:
    """A value's text; of a config or another file its name without folder and suffix."""
    if isinstance(value, str) and '/' in value:
        return Path(value).name.removesuffix('.py')
    return str(value)
