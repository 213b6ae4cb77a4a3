"""ONNX models of a few bytes, written without the package ``onnx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

NUMBER_TYPES = {
    'float32': 1,
    'uint8': 2,
    'int8': 3,
    'int64': 7,
    'bool': 9,
    'float16': 10,
    'float64': 11,
}


def write_onnx(
    path: Path,
    *outputs: np.ndarray,
    input_type: str = 'float32',
    input_shape: Sequence[int | str] = (1, 3, 64, 64),
    weights_in: str | None = None,
) -> str:
    """A model that answers every image with the same arrays.

    Args:
        path: The file.
        outputs: What it gives.
        input_type: Number type of its one input.
        input_shape: Sizes, or names of axes that are left open.
        weights_in: Where the arrays lie (external data), as the model names it; written
            beside the model where that is a plain name.
    """
    names = [f'output{i}' for i in range(len(outputs))]
    graph = _field(2, b'graph') + _field(
        11, _value('images', NUMBER_TYPES[input_type], input_shape)
    )
    data = b''
    for name, array in zip(names, outputs, strict=True):
        kind = NUMBER_TYPES[array.dtype.name]
        tensor = b''.join(_field(1, size) for size in array.shape)
        tensor += _field(2, kind) + _field(8, f'w_{name}'.encode())
        raw = array.tobytes()
        if weights_in is None:
            tensor += _field(9, raw)
        else:
            entries = dict(location=weights_in, offset=len(data), length=len(raw))
            for key, value in entries.items():
                entry = _field(1, key.encode()) + _field(2, str(value).encode())
                tensor += _field(13, entry)
            tensor += _field(14, 1)
            data += raw
        node = _field(1, f'w_{name}'.encode()) + _field(2, name.encode())
        graph += _field(1, node + _field(4, b'Identity')) + _field(5, tensor)
        graph += _field(12, _value(name, kind, array.shape))
    model = _field(1, 8) + _field(7, graph) + _field(8, _field(1, b'') + _field(2, 17))
    path.write_bytes(model)
    if weights_in and Path(weights_in).name == weights_in:
        (path.parent / weights_in).write_bytes(data)
    return str(path)


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    axes = (
        _field(1, size) if isinstance(size, int) else _field(2, size.encode())
        for size in shape
    )
    shape_message = b''.join(_field(1, axis) for axis in axes)
    tensor = _field(1, kind) + _field(2, shape_message)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
