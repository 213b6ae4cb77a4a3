"""Keys of JSON files that are ids."""

from __future__ import annotations

import pytest

from mmsmot.structures.id_keys import LAST_ID, read_id, read_id_pair


@pytest.mark.parametrize('key', ['', '-1', '1.0', '1_0', '٢', '²', str(2**63), 'one'])
def test_what_is_no_id(key: str) -> None:
    assert read_id(key) is None
    assert read_id_pair(f'{key}-1') is None
    assert read_id_pair(f'1-{key}') is None


def test_ids_and_pairs() -> None:
    assert read_id(f' {LAST_ID} ') == LAST_ID == 2**63 - 1
    assert read_id('007') == 7
    assert read_id_pair('7 - 12') == (7, 12)
    assert read_id_pair('7') is None
    assert read_id_pair('1-2-3') is None
