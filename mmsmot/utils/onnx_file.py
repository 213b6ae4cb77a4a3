"""The files of an ONNX model on disk, and their hash."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from .fingerprint import file_fingerprint, text_fingerprint

# The fields of onnx.proto through which a tensor with external data can be reached: the
# message that each numbered field of a message holds.
FIELDS = {
    'model': {7: 'graph', 20: 'training', 25: 'function'},
    'training': {1: 'graph', 2: 'graph'},
    'graph': {1: 'node', 5: 'tensor', 15: 'sparse tensor'},
    'function': {7: 'node', 11: 'attribute'},
    'node': {5: 'attribute'},
    'attribute': {
        5: 'tensor',
        6: 'graph',
        10: 'tensor',
        11: 'graph',
        22: 'sparse tensor',
        23: 'sparse tensor',
    },
    'sparse tensor': {1: 'tensor', 2: 'tensor'},
    'tensor': {13: 'external data'},
    'external data': {},
}
KEY, VALUE = 1, 2  # fields of an entry of external data
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # protobuf's wire types


def onnx_weight_files(model: str | os.PathLike) -> list[Path]:
    """The files beside an ONNX model that hold its weights (``net.onnx.data``), sorted.

    ``torch.onnx.export`` and every model above 2 GB write them.

    Args:
        model: The ONNX file.

    Raises:
        FileNotFoundError: One of them is not there.
        ValueError: The file is no ONNX model, or names a file outside its own folder.
    """
    path = Path(model).expanduser()
    files = []
    for location in sorted(_locations(path)):
        # A model may come from anywhere; it must not make others' files its weights.
        for kind in (PurePosixPath, PureWindowsPath):
            place = kind(location)
            if place.anchor or '..' in place.parts or not place.parts:
                raise ValueError(
                    f'{path} names a file outside its own folder for its weights '
                    f'({location!r}): weights of an ONNX model must lie beside it. Export '
                    'it again, or save it as one file.'
                )
        if not (path.parent / location).is_file():
            raise FileNotFoundError(
                f'{path} keeps its weights in a second file, {location}, which is not '
                'beside it: copy both into one folder'
            )
        files.append(path.parent / location)
    return files


def onnx_file_hash(model: str | os.PathLike) -> str:
    """SHA-256 of an ONNX model: of its graph and of every file with its weights.

    Raises:
        FileNotFoundError: See :func:`onnx_weight_files`.
        ValueError: See :func:`onnx_weight_files`.
    """
    path = Path(model).expanduser()
    files = onnx_weight_files(path)
    if not files:
        return file_fingerprint(path)
    stamps = [
        f'{file.relative_to(path.parent)} {file_fingerprint(file)}' for file in files
    ]
    return text_fingerprint('\n'.join([file_fingerprint(path), *stamps]))


def _locations(path: Path) -> set[str]:
    """Where the model says that its weights lie."""
    if path.stat().st_size == 0 or path.suffix == '.ort':  # that format has all inside
        return set()
    with (
        open(path, 'rb') as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        try:
            entries = {_entry(data, *span) for span in _external_data(data)}
        except (IndexError, UnicodeDecodeError) as error:
            raise ValueError(
                f'{path} is not an ONNX model, or was cut short'
            ) from error
    return {value for key, value in entries if key == 'location'}


def _external_data(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where each entry of external data begins and ends."""
    stack = [('model', 0, len(data))]
    while stack:
        message, start, end = stack.pop()
        if message == 'external data':
            yield start, end
            continue
        for number, first, last in _fields(data, start, end):
            if number in FIELDS[message]:
                stack.append((FIELDS[message][number], first, last))


def _entry(data: mmap.mmap, start: int, end: int) -> tuple[str, str]:
    """The key and the value of an entry."""
    texts = {
        number: data[first:last].decode('utf-8')
        for number, first, last in _fields(data, start, end)
    }
    return texts.get(KEY, ''), texts.get(VALUE, '')


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each field of a message that has a length.

    Raises:
        IndexError: It is no message of protobuf.
    """
    while start < end:
        tag, start = _varint(data, start)
        kind = tag & 7
        if kind == BYTES:
            size, start = _varint(data, start)
            if start + size > end:
                raise IndexError('a field is longer than its message')
            yield tag >> 3, start, start + size
            start += size
        elif kind == VARINT:
            _, start = _varint(data, start)
        elif kind in (FIXED64, FIXED32):
            start += 8 if kind == FIXED64 else 4
        else:
            raise IndexError(f'protobuf has no wire type {kind} here')


def _varint(data: mmap.mmap, start: int) -> tuple[int, int]:
    """An integer, seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[start]
        value |= (byte & 127) << shift
        start += 1
        if byte < 128:
            return value, start
    raise IndexError('an integer of more than ten bytes')
