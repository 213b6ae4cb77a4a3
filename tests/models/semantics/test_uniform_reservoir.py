"""A sample that stays even and small."""

from __future__ import annotations

import pytest

from mmsmot.models.semantics.uniform_reservoir import UniformReservoir


def fed(size: int, items: range) -> UniformReservoir[int]:
    sample: UniformReservoir[int] = UniformReservoir(size)
    for item in items:
        if sample.admits_next():
            sample.add(item)
            assert len(sample.items) <= 2 * size
    return sample


@pytest.mark.parametrize('size', [1, 3, 5])
@pytest.mark.parametrize('count', [1, 4, 11, 1000, 4097])
def test_evenly_spaced_from_the_first_on(size: int, count: int) -> None:
    sample = fed(size, range(count))
    gaps = {b - a for a, b in zip(sample.items, sample.items[1:], strict=False)}
    assert len(gaps) <= 1
    assert sample.items[0] == 0
    assert count - sample.items[-1] <= max(gaps, default=count)
    assert len(sample.items) >= min(size, count)
    chosen = sample.sample()
    assert len(chosen) == min(size, len(sample.items))
    assert chosen == sorted(set(chosen))


def test_two_become_one() -> None:
    first, second = fed(3, range(50)), fed(3, range(50, 90))
    first.merge(second)
    assert len(first.items) <= 6
    assert first.items == sorted(first.items)
    assert first.items[0] < 10 and first.items[-1] >= 50
    before = len(first.items)
    assert not first.admits_next() or before < 6  # and it goes on with the wider step
