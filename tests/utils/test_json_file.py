"""JSON from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.utils.json_file import read_json


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'{"a": ', 'not JSON: Expecting value'),
        (b'[' * 200_000, 'not JSON: it is nested too deeply'),
        (b'\xff\xfe{', 'not JSON: .*utf-8'),
        (b'[' + b'9' * 5000 + b']', 'not JSON: .*4300'),
        (b'{"a": {"1": "x", "1": "y"}}', "not JSON: two values for the key '1'"),
    ],
)
def test_what_is_no_json(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf'a\.json: {message}'):
        read_json(path)


def test_a_mark_and_a_repeated_value_harm_nobody(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xef\xbb\xbf{"a": NaN, "b": 1, "b": 1}')
    content = read_json(path)
    assert content['b'] == 1
    assert content['a'] != content['a']
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / 'b.json')
