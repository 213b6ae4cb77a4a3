"""Arrays in an ``.npz`` or ``.npy`` file that may have been damaged, or made to fill the memory."""

from __future__ import annotations

import io
import math
import os
import tokenize
import zipfile
from collections.abc import Sequence

import numpy as np

from .text_file import read_text_file_bytes

READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# What reading a damaged file may raise, on all the versions of Python and NumPy.
# RuntimeError and its NotImplementedError: members that are said to be encrypted, or of a
# newer version of zip.
DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    zipfile.BadZipFile,
    tokenize.TokenError,
)


def read_stored_arrays(
    path: str | os.PathLike, names: Sequence[str]
) -> list[np.ndarray]:
    """Arrays that ``np.savez`` wrote, never larger than the file.

    ``np.load`` believes what a header claims and unpacks what is compressed: 10 kB may
    ask for all memory.

    Raises:
        DAMAGED: The file is damaged, compressed, or holds no such array.
    """
    with zipfile.ZipFile(path) as archive:
        _require_stored(archive)
        return [_array(archive.read(f'{name}.npy'), name) for name in names]


def read_stored_array(path: str | os.PathLike) -> np.ndarray:
    """The array that ``np.save`` wrote; see :func:`read_stored_arrays`."""
    return _array(read_text_file_bytes(path), os.fspath(path))


def read_all_stored_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Every array of a file by name, writable; see :func:`read_stored_arrays`."""
    with zipfile.ZipFile(path) as archive:
        _require_stored(archive)
        names = [member.removesuffix('.npy') for member in archive.namelist()]
        return {n: _array(archive.read(f'{n}.npy'), n).copy() for n in names}


def _require_stored(archive: zipfile.ZipFile) -> None:
    for member in archive.infolist():
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(
                f'{member.filename} is compressed, which np.savez does not do'
            )


def _array(data: bytes, name: str) -> np.ndarray:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in READ_HEADER:
        raise ValueError(f'{name}: array format {version} is none that is written here')
    shape, is_fortran, dtype = READ_HEADER[version](stream)
    if dtype.hasobject:
        raise ValueError(f'{name}: holds Python objects')
    start = stream.tell()
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError(f'{name}: {len(data) - start} bytes cannot be {shape} {dtype}')
    flat = np.frombuffer(data, dtype, math.prod(shape), start)
    return flat.reshape(shape, order='F' if is_fortran else 'C')
