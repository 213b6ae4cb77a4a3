"""Names of classes to a network's numbers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence


def numbers_of_classes(
    owner: str, names: Mapping[int, str], classes: Sequence[str]
) -> dict[int, int]:
    """The label of each class that is kept, by the network's number of it.

    Args:
        owner: The model, for the message.
        names: Its classes by number; capitals do not count.
        classes: Those kept; the label of one is its place here.

    Raises:
        ValueError: It has no such class; names similar ones.
    """
    numbers = {str(name).lower(): number for number, name in names.items()}
    labels = {}
    for label, name in enumerate(classes):
        if name.lower() not in numbers:
            similar_names = difflib.get_close_matches(name.lower(), numbers, n=3)
            examples = similar_names or [str(n) for n in list(names.values())[:5]]
            raise ValueError(
                f'{owner} knows no class {name!r} among its {len(names)}; it has for '
                f'example {", ".join(examples)}. Set classes.'
            )
        labels[numbers[name.lower()]] = label
    return labels
