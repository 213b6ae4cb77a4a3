"""Cells: their ids, folders, commands and fingerprints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import option_words, plan_cells, with_needed
from mmsmot.utils.command_line import CfgOptions

from .sweep_files import KEY, SORT, TWO_BY_TWO, sweep_of

STAGES = f"""
base = '{SORT}'
axes = dict(seed=[0, 1], age={{'short': {{'model.tracker.max_age': 1}},
                              'long': {{'model.tracker.max_age': 9}}}})
options = dict(data_root='data')
stages = [
    dict(name='tracks', axes=['age'], options={{'{KEY}': 0.25}}),
    dict(name='final', start='tracks', processes=2, threads=1,
         options={{'test_evaluator.out_dir': '$tracks/results'}}),
]
"""


def test_ids_and_commands(tmp_path: Path) -> None:
    cells = plan_cells(sweep_of(tmp_path, TWO_BY_TWO), tmp_path / 'work')
    assert [*cells] == [
        'test/tracker=sort_public-detections,score_threshold=0.1',
        'test/tracker=sort_public-detections,score_threshold=0.3',
        'test/tracker=bytetrack_public-detections,score_threshold=0.1',
        'test/tracker=bytetrack_public-detections,score_threshold=0.3',
    ]
    cell = cells['test/tracker=bytetrack_public-detections,score_threshold=0.3']
    command = cell.command()
    assert command[0] == sys.executable
    assert command[1].endswith('tools/test.py')
    assert command[2:] == [
        'two_stage/bytetrack_public-detections',
        '--work-dir',
        str(tmp_path / 'work' / cell.id / 'run'),
        '--cfg-options',
        f'{KEY}=0.3',
    ]


def test_a_stage_without_an_axis_is_shared(tmp_path: Path) -> None:
    cells = plan_cells(sweep_of(tmp_path, STAGES), tmp_path / 'work')
    assert [*cells] == [
        'tracks/age=short',
        'tracks/age=long',
        'final/seed=0,age=short',
        'final/seed=0,age=long',
        'final/seed=1,age=short',
        'final/seed=1,age=long',
    ]
    cell = cells['final/seed=1,age=long']
    assert cell.needs == ('tracks/age=long',)
    assert cell.environment() == {'OMP_NUM_THREADS': '1'}
    with pytest.raises(FileNotFoundError, match='left no checkpoint'):
        cell.command()
    run_dir = tmp_path / 'work' / 'tracks/age=long' / 'run'
    run_dir.mkdir(parents=True)
    (run_dir / 'epoch_1.pth').write_text('')
    (run_dir / 'last_checkpoint').write_text(str(run_dir / 'epoch_1.pth'))
    command = cell.command()
    assert '--nproc_per_node=2' in command
    assert str(run_dir / 'epoch_1.pth') in command
    assert f'test_evaluator.out_dir={run_dir}/results' in command
    assert '--seed' not in command  # of a training
    assert [*with_needed(cells, [cell.id])] == ['tracks/age=long', cell.id]


def test_fingerprints_follow_what_decides_the_result(tmp_path: Path) -> None:
    def fingerprints(text: str) -> dict[str, str]:
        cells = plan_cells(sweep_of(tmp_path, text), tmp_path / 'work')
        return {id: cell.fingerprint for id, cell in cells.items()}

    before = fingerprints(STAGES)
    assert fingerprints(STAGES.replace('threads=1', 'threads=2')) == before
    after = fingerprints(STAGES.replace("max_age': 9", "max_age': 8"))
    changed = {id for id in before if before[id] != after[id]}
    assert changed == {
        'tracks/age=long',
        'final/seed=0,age=long',
        'final/seed=1,age=long',
    }
    # What a stage is built on counts too.
    after = fingerprints(STAGES.replace('0.25', '0.5'))
    assert all(before[id] != after[id] for id in before)


def test_an_unknown_key_is_named_with_its_axis(tmp_path: Path) -> None:
    sweep = sweep_of(
        tmp_path, f"base = '{SORT}'\naxes = {{'model.tracker.max_agee': [1, 2]}}"
    )
    with pytest.raises(KeyError, match=r"axes\['model.tracker.max_agee'\].*max_age"):
        plan_cells(sweep, tmp_path)


def test_a_cell_without_a_config(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, 'axes = dict(seed=[1])')
    with pytest.raises(ValueError, match='has no config'):
        plan_cells(sweep, tmp_path)


def test_option_words_are_read_back() -> None:
    options = {
        'a.b': dict(type='SORT', max_age=3, nested=dict(x=None)),
        'c': [1, [2.5, 'x'], True],
        'd': 'work_dirs/{name}.txt',
        'e': -1e-5,
    }
    words = option_words(options)
    parsed = {}
    for word in words:
        key, _, text = word.partition('=')
        parsed[key] = CfgOptions._parse_iterable(text)
    assert parsed == {
        'a.b.type': 'SORT',
        'a.b.max_age': 3,
        'a.b.nested.x': None,
        'c': [1, [2.5, 'x'], True],
        'd': 'work_dirs/{name}.txt',
        'e': -1e-5,
    }


@pytest.mark.parametrize('text', ['a,b', '[x', ' x', "it's"])
def test_texts_that_would_be_taken_apart(text: str) -> None:
    with pytest.raises(ValueError, match='something else'):
        option_words({'a.b': text})
