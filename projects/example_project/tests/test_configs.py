"""The configs: found, checked, and one of them by ``tools/test.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmsmot.engine import load_config

PROJECT = Path(__file__).parents[1]
ROOT = PROJECT.parents[1]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/{PROJECT.name}/configs/{name}')


def test_a_wrong_option_of_a_part_is_refused() -> None:
    name = f'projects/{PROJECT.name}/configs/greedy-estimator_csv'
    with pytest.raises(KeyError, match="'model.estimator.max_aeg'.*'max_age'"):
        load_config(name, {'model.estimator.max_aeg': 3})


def test_dataset_estimator_and_metric_by_the_tool(tmp_path: Path) -> None:
    """Two people; one is not detected in frame 3, the other not in frames 3 to 9."""
    rows = ['frame,id,x1,y1,x2,y2']
    detections = []
    for frame in range(1, 11):
        for track, (x, hidden) in enumerate(((0, [3]), (100, range(3, 10))), start=1):
            rows.append(f'{frame},{track},{x + frame},0,{x + frame + 20},40')
            if frame not in hidden:
                detections.append(f'{frame},-1,{x + frame},0,20,40,0.9')
    (tmp_path / 'walk.csv').write_text('\n'.join(rows))
    (tmp_path / 'walk.det.txt').write_text('\n'.join(detections))
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'test.py'),
            f'projects/{PROJECT.name}/configs/greedy-estimator_csv.py',
            *('--data-root', tmp_path, '--work-dir', tmp_path / 'work_dir'),
        ],
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    log = done.stdout + done.stderr
    # 12 boxes in 3 tracks: the second person gets a new id after 7 frames without a box.
    assert 'continuity/mean_length: 4.0000' in log
    assert 'continuity/ids_per_object: 1.5000' in log
    report = json.loads((tmp_path / 'work_dir/results/scores.json').read_text())
    scores = report['scores']['COMBINED']
    assert [scores[name] for name in ('FN', 'FP', 'IDs')] == [8, 0, 1]
