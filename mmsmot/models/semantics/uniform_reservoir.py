"""A bounded, evenly spaced part of a row whose end is not known."""

from __future__ import annotations

from typing import Generic, TypeVar

from ...utils.number_ranges import COUNT, require_numbers

Item = TypeVar('Item')


class UniformReservoir(Generic[Item]):
    """At most ``2 * size`` items of however many are offered, evenly spaced.

    Whenever there are more, every second one goes, and from then on only every second
    new one is taken.

    Args:
        size: See above, 1 or more.
    """

    def __init__(self, size: int) -> None:
        require_numbers('UniformReservoir', COUNT, size=size)
        self.size = size
        self.items: list[Item] = []
        self._seen = 0
        self._stride = 1

    def wants(self) -> bool:
        """Whether the item that comes now is to be added; counts it as seen."""
        self._seen += 1
        return (self._seen - 1) % self._stride == 0

    def add(self, item: Item) -> None:
        """Keep an item that was wanted."""
        self.items.append(item)
        self._thin()

    def chosen(self) -> list[Item]:
        """At most ``size`` of the items, the first and the last among them."""
        count = len(self.items)
        if count <= self.size:
            return list(self.items)
        if self.size == 1:
            return [self.items[count // 2]]
        steps = self.size - 1
        return [self.items[round(i * (count - 1) / steps)] for i in range(self.size)]

    def join(self, other: UniformReservoir[Item]) -> None:
        """Take in what another one kept; items of both must compare by their time."""
        self.items = sorted(self.items + other.items)
        self._seen += other._seen
        self._stride = max(self._stride, other._stride)
        self._thin()

    def _thin(self) -> None:
        while len(self.items) > 2 * self.size:
            self.items = self.items[::2]
            self._stride *= 2
