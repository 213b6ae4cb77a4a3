"""ONNX models of a few bytes, written without the package ``onnx``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

NUMBER_TYPES = {
    'float32': 1,
    'uint8': 2,
    'int8': 3,
    'int32': 6,
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
    names: Sequence[str] = (),
    beside: Mapping[str, tuple[str, Sequence[int | str]]] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> str:
    """A model that answers every image with the same arrays.

    Args:
        path: The file.
        outputs: What it gives.
        input_type: Number type of its input of pictures.
        input_shape: Sizes, or names of axes that are left open.
        weights_in: Where the arrays lie (external data), as the model names it; written
            beside the model where that is a plain name.
        names: Of the outputs.
        beside: Other inputs: number type and sizes by name.
        metadata: What the file says of itself.
    """
    names = names or [f'output{i}' for i in range(len(outputs))]
    arrays = dict(zip(names, outputs, strict=True))
    return write_graph(
        path,
        [node('Identity', [f'w_{name}'], [name]) for name in names],
        weights={f'w_{name}': array for name, array in arrays.items()},
        inputs={'images': (input_type, input_shape), **(beside or {})},
        outputs={name: (a.dtype.name, a.shape) for name, a in arrays.items()},
        weights_in=weights_in,
        metadata=metadata,
    )


def write_graph(
    path: Path,
    nodes: Sequence[bytes],
    *,
    weights: Mapping[str, np.ndarray],
    inputs: Mapping[str, tuple[str, Sequence[int | str]]],
    outputs: Mapping[str, tuple[str, Sequence[int | str]]],
    weights_in: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> str:
    """A model of any operators.

    Args:
        path: The file.
        nodes: Of :func:`node`, in the order of computation.
        weights: Constants by name.
        inputs: Number type and sizes by name.
        outputs: Likewise.
        weights_in: As of :func:`write_onnx`.
        metadata: As of :func:`write_onnx`.
    """
    graph = _field(2, b'graph') + b''.join(_field(1, message) for message in nodes)
    data = b''
    for name, array in weights.items():
        tensor = b''.join(_field(1, size) for size in array.shape)
        tensor += _field(2, NUMBER_TYPES[array.dtype.name]) + _field(8, name.encode())
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
        graph += _field(5, tensor)
    for number, values in ((11, inputs), (12, outputs)):
        for name, (kind, shape) in values.items():
            graph += _field(number, _value(name, NUMBER_TYPES[kind], shape))
    model = _field(1, 8) + _field(7, graph) + _field(8, _field(1, b'') + _field(2, 17))
    for key, text in (metadata or {}).items():
        model += _field(14, _field(1, key.encode()) + _field(2, text.encode()))
    path.write_bytes(model)
    if weights_in and Path(weights_in).name == weights_in:
        (path.parent / weights_in).write_bytes(data)
    return str(path)


def node(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    domain: str = '',
    **attributes: int | Sequence[int],
) -> bytes:
    """An operator, with whole numbers as attributes."""
    message = b''.join(_field(1, name.encode()) for name in inputs)
    message += b''.join(_field(2, name.encode()) for name in outputs)
    message += _field(4, kind.encode()) + _field(7, domain.encode())
    for name, value in attributes.items():
        attribute = _field(1, name.encode())
        if isinstance(value, int):
            attribute += _field(3, value) + _field(20, 2)
        else:
            attribute += b''.join(_field(8, item) for item in value) + _field(20, 7)
        message += _field(5, attribute)
    return message


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
    value &= (1 << 64) - 1  # as protobuf writes what is negative
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
