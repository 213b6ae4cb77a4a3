"""Files that the cells of a sweep need."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.cell_files import require_cell_files

from .sweep_files import SORT, sweep_of


@pytest.mark.parametrize(
    ('data', 'weights', 'missing'),
    [
        ('', 'hub/name', ''),
        ('', 'nano.onnx', ''),
        ('', 'lost.onnx', "weights='.*lost.onnx' is not there; of 2 cells, as test/"),
        ('lost', 'nano.onnx', "data_root='.*lost' is not there"),
    ],
)
def test_missing_files_are_named_before_anything_runs(
    tmp_path: Path, data: str, weights: str, missing: str
) -> None:
    (tmp_path / 'nano.onnx').write_bytes(b'')
    weights = weights if '/' in weights else str(tmp_path / weights)
    text = f"""
axes = {{'tracker': ['two_stage/sort_yolox-nano', 'two_stage/bytetrack_yolox-nano']}}
options = dict(data_root={str(tmp_path / data)!r}, weights={weights!r})
"""
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path / 'work')
    with pytest.raises(FileNotFoundError, match=missing) if missing else nullcontext():
        require_cell_files(cells.values())


def test_what_a_stage_makes_is_not_missing(tmp_path: Path) -> None:
    text = f"""
base = '{SORT}'
options = dict(data_root='work/data')
stages = [
    dict(name='data', run='dataset_converters/make_synsmot.py', args=['--out', 'work/data']),
    dict(name='test', after=['data'], options=dict(checkpoint='$data/x.pth')),
]
"""
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path / 'work')
    require_cell_files(cells.values())
    with pytest.raises(FileNotFoundError, match='data_root'):
        require_cell_files([cells['test']])
