"""The sweep files that come along: short, and every cell's config can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.sweep_file import read_sweep

ROOT = Path(__file__).parents[2] / 'configs'
SWEEPS = sorted([*ROOT.glob('*/tables/*.py'), *ROOT.glob('*/recipes/*.py')])
CELLS = dict(
    tracking=7,
    tau_p=10,
    decoding=10,
    fusion=28,
    tokens=20,
    end_to_end=18,
    tiny_synsmot=17,
)


@pytest.mark.parametrize('path', SWEEPS, ids=lambda p: p.stem)
def test_every_cell_can_be_planned(path: Path, tmp_path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40
    cells = plan_cells(read_sweep(path), tmp_path)
    assert len(cells) == CELLS[path.stem]
    assert len({cell.fingerprint for cell in cells.values()}) == len(cells)


def test_all_are_known() -> None:
    assert sorted(CELLS) == sorted(path.stem for path in SWEEPS)
