"""Arrays from files that may be damaged or hostile."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmsmot.utils.stored_arrays import (
    DAMAGED,
    read_all_stored_arrays,
    read_stored_arrays,
)


def test_what_savez_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / 'a.npz'
    arrays = dict(
        a=np.arange(6.0).reshape(2, 3), b=np.asfortranarray(np.eye(3)), c=np.array(7)
    )
    np.savez(path, **arrays, d=np.empty((0, 9)))
    for name, array in zip('abcd', read_stored_arrays(path, 'abcd'), strict=True):
        expected = arrays.get(name, np.empty((0, 9)))
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype
    all_arrays = read_all_stored_arrays(path)
    assert [*all_arrays] == ['a', 'b', 'c', 'd']
    assert all_arrays['b'].flags.writeable and all_arrays['c'].shape == ()


def claim(shape: tuple[int, ...], dtype: str = '|u1') -> bytes:
    """An array's file of 16 bytes whose header claims any shape."""
    stream = io.BytesIO()
    header = dict(descr=dtype, fortran_order=False, shape=shape)
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + bytes(16)


@pytest.mark.parametrize(
    'data',
    [
        claim((10**13,)),
        claim((2**62, 4)),
        claim((2,), '|O'),
        b'\x93NUMPY\x09\x00',
        b'no array',
    ],
)
def test_a_header_that_claims_too_much(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / 'a.npz'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a.npy', data)
    with pytest.raises(ValueError):
        read_stored_arrays(path, ['a'])


@pytest.mark.parametrize(
    ('place', 'value'),
    [(6, 1), (4, 99)],  # flags: encrypted; version of zip that is needed
)
def test_a_member_that_zip_cannot_read(tmp_path: Path, place: int, value: int) -> None:
    path = tmp_path / 'a.npz'
    np.savez(path, a=np.zeros(3))
    data = bytearray(path.read_bytes())
    data[place] = value  # of the member
    data[data.rindex(b'PK\x01\x02') + place + 2] = value  # of the central directory
    path.write_bytes(data)
    with pytest.raises(RuntimeError):
        read_stored_arrays(path, ['a'])
    with pytest.raises(DAMAGED):
        read_stored_arrays(path, ['a'])


def test_a_header_that_is_no_python(tmp_path: Path) -> None:
    header = b"{'descr': '|u1', (".ljust(117) + b'\n'
    data = b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('a.npy', data)
    with pytest.raises(DAMAGED):
        read_stored_arrays(tmp_path / 'a.npz', ['a'])


def test_what_is_packed_or_missing(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / 'a.npz', a=np.zeros(10**7, np.uint8))
    with pytest.raises(ValueError, match=r'a\.npy is compressed'):
        read_stored_arrays(tmp_path / 'a.npz', ['a'])
    np.savez(tmp_path / 'b.npz', a=np.zeros(3))
    with pytest.raises(DAMAGED):
        read_stored_arrays(tmp_path / 'b.npz', ['b'])
    (tmp_path / 'c.npz').write_bytes((tmp_path / 'b.npz').read_bytes()[:100])
    with pytest.raises(DAMAGED):
        read_stored_arrays(tmp_path / 'c.npz', ['a'])
