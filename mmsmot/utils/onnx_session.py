"""Opening an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

SLOTS = {'--weights': 'model.detector.model', '--reid-weights': 'model.reid.model'}


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
        FileNotFoundError: No file is named, or it is not there.
        ValueError: It is not an ONNX file that onnxruntime can read.
    """
    if not model:
        raise FileNotFoundError(
            f'{owner} has no weights: name the ONNX file with {option} FILE, or set '
            f'{SLOTS[option]} in the config or with --cfg-options'
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
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, list(providers))
    except Exception as error:  # onnxruntime's own exceptions share no base class
        raise ValueError(
            f'{owner}: {model} is not an ONNX model that onnxruntime can open: {error}'
        ) from error
