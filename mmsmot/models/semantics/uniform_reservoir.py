"""A bounded, evenly spaced sample of a stream of unknown length."""

from __future__ import annotations

from typing import Generic, TypeVar

from ...utils.number_ranges import COUNT, require_numbers

Item = TypeVar('Item')


class UniformReservoir(Generic[Item]):
    """At most ``2 * size`` items of a stream, evenly spaced.

    Whenever there are more, every second one is dropped, and from then on only every
    second new one is admitted.

    Args:
        size: Items of :meth:`sample`, 1 or more.
    """

    def __init__(self, size: int) -> None:
        require_numbers('UniformReservoir', COUNT, size=size)
        self.size = size
        self.items: list[Item] = []
        self._num_offered = 0
        self._stride = 1

    def admits_next(self) -> bool:
        """Count one more item of the stream; whether it is to be added."""
        self._num_offered += 1
        return (self._num_offered - 1) % self._stride == 0

    def add(self, item: Item) -> None:
        """Add an item that was admitted."""
        self.items.append(item)
        self._thin()

    def sample(self) -> list[Item]:
        """At most ``size`` of the items, the first and the last among them."""
        count = len(self.items)
        if count <= self.size:
            return list(self.items)
        if self.size == 1:
            return [self.items[count // 2]]
        steps = self.size - 1
        return [self.items[round(i * (count - 1) / steps)] for i in range(self.size)]

    def merge(self, reservoir: UniformReservoir[Item]) -> None:
        """Add the items of another reservoir; all must compare by their time."""
        self.items = sorted(self.items + reservoir.items)
        self._num_offered += reservoir._num_offered
        self._stride = max(self._stride, reservoir._stride)
        self._thin()

    def _thin(self) -> None:
        while len(self.items) > 2 * self.size:
            self.items = self.items[::2]
            self._stride *= 2
