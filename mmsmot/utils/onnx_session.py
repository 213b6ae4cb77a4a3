"""Sessions of onnxruntime: opening a model, its input type, running it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .error_messages import first_line
from .onnx_file import onnx_weight_files

SLOTS = {'--weights': 'model.detector.model', '--reid-weights': 'model.reid.model'}
# Number types of an input that hold every pixel from 0 to 255.
IMAGE_TYPES = {
    'tensor(float)': np.float32,
    'tensor(float16)': np.float16,
    'tensor(double)': np.float64,
    'tensor(uint8)': np.uint8,
    'tensor(uint16)': np.uint16,
    'tensor(uint32)': np.uint32,
    'tensor(uint64)': np.uint64,
    'tensor(int16)': np.int16,
    'tensor(int32)': np.int32,
    'tensor(int64)': np.int64,
}
TENSORRT_HINT = (
    '. It calls an operator of TensorRT, which onnxruntime does not have: export it for '
    'onnxruntime (its NonMaxSuppression), or without suppression'
)


def open_onnx(
    model: str | None,
    owner: str,
    option: str,
    providers: Sequence[str],
    num_threads: int,
) -> Any:
    """An onnxruntime session.

    Args:
        model: The file.
        owner: The part that opens it, for the messages.
        option: The tools' option that names the file, for the messages.
        providers: onnxruntime's execution providers, best first.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.

    Raises:
        ImportError: onnxruntime is missing.
        FileNotFoundError: No file is named, or it is not there, or one beside it with its
            weights is not.
        ValueError: It is not an ONNX file that onnxruntime can read, or its weights lie
            outside its folder.
    """
    if not model:
        raise FileNotFoundError(
            f'{owner} has no weights: name the ONNX file with {option} FILE, or set '
            f'{SLOTS[option]} (in an estimator model.estimator...) in the config or '
            'with --cfg-options'
        )
    path = Path(model).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'{owner}: there is no ONNX file at {path.absolute()}')
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            f'{owner} needs onnxruntime:  pip install "mmsmot[onnx]"'
        ) from error
    onnx_weight_files(path)  # before onnxruntime reads whatever the model names
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, list(providers))
    except Exception as error:  # onnxruntime's own exceptions share no base class
        hint = TENSORRT_HINT if '_TRT' in str(error) else ''
        raise ValueError(
            f'{owner}: {model} is not an ONNX model that onnxruntime can open: {error}'
            f'{hint}'
        ) from error


def session_image_input(
    session: Any, model: str, owner: str, beside: Collection[str] = ()
) -> Any:
    """The input of a session that takes images.

    Args:
        session: As of :func:`open_onnx`.
        model: The file, for the messages.
        owner: The part that opened it, for the messages.
        beside: Names of inputs that may stand beside it.

    Raises:
        ValueError: There is not one.
    """
    inputs = [node for node in session.get_inputs() if node.name not in beside]
    if len(inputs) != 1:
        shapes = {node.name: node.shape for node in inputs}
        also = f' (and {", ".join(beside)})' if beside else ''
        raise ValueError(
            f'{model}: {owner} expects one input (B, 3, H, W){also}, got {shapes}'
        )
    return inputs[0]


def session_image_type(
    session: Any,
    model: str,
    owner: str,
    is_normalised: bool,
    beside: Collection[str] = (),
) -> type:
    """NumPy's number type of a session's input of images.

    Args:
        session: As of :func:`open_onnx`.
        model: The file, for the messages.
        owner: The part that opened it, for the messages.
        is_normalised: Whether pixels are given as fractions, which no integer holds.
        beside: As of :func:`session_image_input`.

    Raises:
        ValueError: There is not one such input, or it takes no images, or integers where
            fractions are given.
    """
    name = session_image_input(session, model, owner, beside).type
    dtype = IMAGE_TYPES.get(name)
    if dtype is None:
        raise ValueError(
            f'{model}: its input takes {name}, and {owner} gives images as numbers from '
            '0 to 255 (float32, float16, uint8, ...). Export it with such an input.'
        )
    if is_normalised and np.issubdtype(dtype, np.integer):
        raise ValueError(
            f'{model}: its input takes whole numbers ({name}), and {owner} gives it '
            'fractions, normalised by mean and std. Export it with a float32 input.'
        )
    return dtype


def run_onnx(
    session: Any,
    model: str,
    batch: np.ndarray,
    beside: Mapping[str, np.ndarray] | None = None,
) -> list[np.ndarray]:
    """A session's outputs for a batch of images.

    Args:
        session: As of :func:`open_onnx`.
        model: The file, for the messages.
        batch: (B, 3, H, W).
        beside: What its other inputs get, by name.

    Raises:
        ValueError: onnxruntime fails on it, or an output is no array.
    """
    beside = beside or {}
    names = [node.name for node in session.get_inputs()]
    (name,) = [name for name in names if name not in beside]
    try:
        outputs = session.run(None, {name: batch, **beside})
    except Exception as error:  # onnxruntime's own exceptions share no base class
        raise ValueError(
            f'{model}: onnxruntime cannot run it on an input of shape {batch.shape} '
            f'({batch.dtype}): {first_line(error)}'
        ) from error
    other_types = [
        type(output).__name__
        for output in outputs
        if not isinstance(output, np.ndarray)
    ]
    if other_types:
        raise ValueError(
            f'{model}: an output is a {other_types[0]} and not an array of numbers; export '
            'the network alone'
        )
    return outputs
