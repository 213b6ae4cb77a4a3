"""Files that the cells of a sweep need, looked for before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .cell import FILES, Cell
from .stage import TOOLS

WEIGHT_SUFFIXES = ('.onnx', '.pth', '.pt', '.safetensors')


def require_cell_files(cells: Iterable[Cell]) -> None:
    """Find out before anything runs that a file is missing.

    Args:
        cells: That are to be run.

    Raises:
        FileNotFoundError: A weight file, or the folder of the data where no stage can make
            it, is not there; names it, its option and the cells.
    """
    cells = list(cells)
    makes_data = any(cell.stage.run not in TOOLS for cell in cells)
    ids: dict[tuple[str, str], list[str]] = {}
    for cell in cells if not makes_data else ():
        for name, value in cell.setting.arguments.items():
            if _is_missing(cell, name, value):
                ids.setdefault((name, str(value)), []).append(cell.id)
    if ids:
        lines = [
            f'{name}={value!r} is not there; of {len(names)} cells, as {names[0]}'
            for (name, value), names in ids.items()
        ]
        raise FileNotFoundError(
            f'{"; ".join(lines)}. A path starts from {Path.cwd()}: mend it in the sweep '
            'file, or make the file there'
        )


def _is_missing(cell: Cell, name: str, value: Any) -> bool:
    """Whether an argument names a file that is not there, and that no stage makes."""
    if value is None or '$' in str(value):
        return False
    if name == 'data_root':
        return not Path(value).expanduser().is_dir()
    # What is no file by its name is called so on a hub.
    is_used = name == 'reid_weights' or (name in FILES and cell.start is None)
    is_file = Path(str(value)).suffix in WEIGHT_SUFFIXES
    return is_used and is_file and not Path(value).expanduser().is_file()
