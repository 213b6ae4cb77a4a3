"""Sweep files and cells for the tests."""

from __future__ import annotations

import sys
from pathlib import Path

from mmsmot.engine.sweeps.cell import Cell
from mmsmot.engine.sweeps.sweep_file import Sweep, read_sweep

SORT = 'two_stage/sort_public-detections'
BYTETRACK = 'two_stage/bytetrack_public-detections'
KEY = 'model.detector.score_threshold'
TWO_BY_TWO = f"""
base = '{SORT}'
axes = {{'tracker': ['{SORT}', '{BYTETRACK}'], '{KEY}': [0.1, 0.3]}}
metrics = ['HOTA', 'MOTA']
columns = ['{KEY}']
"""


def sweep_of(folder: Path, text: str, name: str = 'ablation.py') -> Sweep:
    """The sweep of a file with this text."""
    path = folder / name
    path.write_text(text)
    return read_sweep(path)


class ScriptCell(Cell):
    """A cell whose command is a line of Python, for tests of how it ends."""

    script = ''

    def command(self, resume: bool = False) -> list[str]:
        return [sys.executable, '-c', self.script.replace('RUN', str(self.run_dir))]
