"""Counts of claims tested and of claims that did not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Findings:
    """What was checked, and what did not hold.

    Attributes:
        checked: Kind of claim to how many were tested.
        failed: (kind, folder, what is wrong) of each that did not hold.
    """

    checked: Counter = field(default_factory=Counter)
    failed: list[tuple[str, str, str]] = field(default_factory=list)

    def test(self, kind: str, holds: bool, where: Path, what: str) -> None:
        """Count a claim; note it where it does not hold."""
        self.checked[kind] += 1
        if not holds:
            self.failed.append((kind, str(where), what))

    def add(self, other: Findings) -> None:
        """Take in another clip's."""
        self.checked += other.checked
        self.failed += other.failed

    def table(self) -> str:
        """Kinds of claims with counts, as text."""
        wrong = Counter(kind for kind, *_ in self.failed)
        lines = [f'{"claim":32}{"checked":>9}{"failed":>8}']
        lines += [f'{k:32}{n:9d}{wrong[k]:8d}' for k, n in sorted(self.checked.items())]
        total = f'{"all":32}{self.checked.total():9d}{len(self.failed):8d}'
        return '\n'.join([*lines, total])
