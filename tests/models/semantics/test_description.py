"""Which trajectories of a buffer are described and captioned."""

from __future__ import annotations

import pytest

from mmsmot.models.semantics.description import requested_ids


@pytest.mark.parametrize(
    ('ids', 'caption_ids', 'expected'),
    [
        (None, None, ([1, 2, 5], [1, 2, 5])),
        (None, [5, 2, 9], ([1, 2, 5], [2, 5])),
        ([5, 1, 1, 9], None, ([1, 5], [1, 5])),
        ((5, 1), {5, 2}, ([1, 5], [5])),
        ([], [1], ([], [])),
        ([2], [], ([2], [])),
    ],
)
def test_ids_are_those_of_the_buffer_in_its_order(ids, caption_ids, expected) -> None:
    assert requested_ids([1, 2, 5], ids, caption_ids) == expected
