"""Cells: their ids, folders, commands and fingerprints."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import (
    Cell,
    cell_option_words,
    plan_cells,
    with_needed_cells,
)
from mmsmot.engine.sweeps.cell_config import checked_cell_config
from mmsmot.utils.command_line import CfgOptions
from mmsmot.utils.number_ranges import NumberRange

from .sweep_files import BYTETRACK, KEY, SORT, TWO_BY_TWO, sweep_of

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
        'test/tracker=sort_public-detections+score_threshold=0.1',
        'test/tracker=sort_public-detections+score_threshold=0.3',
        'test/tracker=bytetrack_public-detections+score_threshold=0.1',
        'test/tracker=bytetrack_public-detections+score_threshold=0.3',
    ]
    cell = cells['test/tracker=bytetrack_public-detections+score_threshold=0.3']
    command = cell.command()
    assert command[0] == sys.executable
    assert command[1].endswith('tools/test.py')
    assert command[2:] == [
        'two_stage/bytetrack_public-detections',
        '--work-dir',
        str(tmp_path / 'work' / cell.id / 'run'),
        '--detection-cache',
        str(tmp_path / 'work' / 'detections'),
        '--cfg-options',
        f'{KEY}=0.3',
    ]


def test_a_stage_without_an_axis_is_shared(tmp_path: Path) -> None:
    cells = plan_cells(sweep_of(tmp_path, STAGES), tmp_path / 'work')
    assert [*cells] == [
        'tracks/age=short',
        'tracks/age=long',
        'final/seed=0+age=short',
        'final/seed=0+age=long',
        'final/seed=1+age=short',
        'final/seed=1+age=long',
    ]
    cell = cells['final/seed=1+age=long']
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
    assert [*with_needed_cells(cells, [cell.id])] == ['tracks/age=long', cell.id]


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
        'final/seed=0+age=long',
        'final/seed=1+age=long',
    }
    # What a stage is built on counts too.
    after = fingerprints(STAGES.replace('0.25', '0.5'))
    assert all(before[id] != after[id] for id in before)


def test_where_the_data_lie_makes_no_cell_stale(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, STAGES)
    cells = plan_cells(sweep, tmp_path / 'work')
    moved_cells = plan_cells(sweep, tmp_path / 'work', '/other')
    for id, cell in cells.items():
        assert moved_cells[id].fingerprint == cell.fingerprint
    for plan, folder in ((cells, 'data'), (moved_cells, '/other')):
        command = plan['tracks/age=long'].command()
        assert command[command.index('--data-root') + 1] == folder
    # Values of an axis are other data, and those count.
    text = f"base = '{SORT}'\naxes = dict(data_root=['MOT17', 'MOT20'])"
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path / 'work', '/other')
    assert len({cell.fingerprint for cell in cells.values()}) == 2
    assert [c.command()[-1] for c in cells.values()] == ['MOT17', 'MOT20']


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


@pytest.mark.parametrize(
    ('run', 'loader'), [('test', 'test_dataloader'), ('train', 'train_dataloader')]
)
def test_a_config_without_a_dataset(tmp_path: Path, run: str, loader: str) -> None:
    (tmp_path / 'bare.json').write_text('{"model": {"type": "SMOT"}}')
    config = str(tmp_path / 'bare.json')
    text = f"base = {config!r}\nstages = [dict(name='a', run={run!r})]"
    with pytest.raises(ValueError, match=f'ablation.py: a: .* has no {loader}'):
        plan_cells(sweep_of(tmp_path, text), tmp_path)


@pytest.mark.parametrize(
    ('select_on', 'split'),
    [
        ('val', None),
        ('val', 'val'),
        ('val', 'val_half'),
        ('val_half', 'val'),
        ('train_half', 'train_minus_val'),
    ],
)
def test_no_choice_on_frames_that_are_reported(
    tmp_path: Path, select_on: str, split: str | None
) -> None:
    """MOTChallenge's val is a half of each sequence: the whole ones have it too."""
    text = TWO_BY_TWO + f'select_on = {select_on!r}\n'
    if split is not None:
        text += f"options = {{'test_dataloader.dataset.split': {split!r}}}\n"
    with pytest.raises(ValueError, match="split': 'train_minus_val'"):
        plan_cells(sweep_of(tmp_path, text), tmp_path)


def test_a_choice_on_other_frames_than_are_reported(tmp_path: Path) -> None:
    text = TWO_BY_TWO + "select_on = 'val'\n"
    text += "options = {'test_dataloader.dataset.split': 'train_minus_val'}\n"
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path)
    key = 'test_dataloader.dataset.split'
    splits = [(c.stage.name, c.setting.options[key]) for c in cells.values()]
    assert sorted({*splits}) == [('test', 'train_minus_val'), ('test_val', 'val')]
    # BenSMOT's val is a folder or a part of train.
    text = "base = 'smoter/smoter_tiny_synsmot'\nselect_on = 'val'\nmetrics = ['HOTA']"
    assert [*plan_cells(sweep_of(tmp_path, text), tmp_path)] == ['test', 'test_val']
    # Its split is train where a config names none.
    config = tmp_path / 'no_split.py'
    config.write_text(
        "_base_ = ['mmsmot::smoter/smoter_tiny_synsmot.py']\n"
        "test_dataloader = dict(dataset=dict(_delete_=True, type='BenSMOTDataset', "
        "data_root='data', test_mode=True))\n"
    )
    text = f"base = {str(config)!r}\nselect_on = 'val'\nmetrics = ['HOTA']"
    assert [*plan_cells(sweep_of(tmp_path, text), tmp_path)] == ['test', 'test_val']


def test_hooks_count_where_they_act(tmp_path: Path) -> None:
    fingerprints = {}
    for name, hooks in dict(
        none='[]',
        training='[dict(type="CheckInvalidLossHook")]',
        averaged='[dict(type="EMAHook")]',
        momentum='[dict(type="EMAHook", momentum=0.1)]',
    ).items():
        config = tmp_path / f'{name}.py'
        config.write_text(
            "_base_ = ['mmsmot::smoter/smoter_tiny_synsmot.py']\n"
            f'custom_hooks = {hooks}\n'
        )
        text = f"""
base = {str(config)!r}
stages = [dict(name='train', run='train'), dict(name='test')]
options = dict(checkpoint='smoter_tiny_synsmot')
"""
        cells = plan_cells(sweep_of(tmp_path, text), tmp_path)
        # Not by the config's name, which is another.
        facts = {id: checked_config(cell, tmp_path) for id, cell in cells.items()}
        fingerprints[name] = facts
    tests = [fingerprints[name]['test'] for name in fingerprints]
    assert tests[0] == tests[1]
    assert tests[1] != tests[2] != tests[3]
    trainings = [fingerprints[name]['train'] for name in fingerprints]
    assert all(a != b for a, b in itertools.combinations(trainings, 2))


def checked_config(cell: Cell, folder: Path) -> dict:
    sweep = sweep_of(folder, '')
    return checked_cell_config(sweep, cell.stage, cell.id, cell.labels, cell.setting)


def test_option_words_are_read_back() -> None:
    options = {
        'a.b': dict(type='SORT', max_age=3, nested=dict(x=None)),
        'c': [1, [2.5, 'x'], True],
        'd': 'work_dirs/{name}.txt',
        'e': -1e-5,
        'f': {},
        'g': [dict(type='TopK', sizes=[3, 2])],
    }
    words = cell_option_words(options)
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
        'f': {},
        'g': [dict(type='TopK', sizes=[3, 2])],
    }


@pytest.mark.parametrize(
    'value',
    [
        'a,b',
        ' x',
        "'x'",
        'a b',
        '3',
        'true',
        'None',
        ['1e3'],
        ['[x', 1],
        [dict(x=NumberRange(0, 1))],
    ],
)
def test_values_that_would_be_read_as_others(value: object) -> None:
    with pytest.raises(ValueError, match='would read it as'):
        cell_option_words({'a.b': value})


def test_a_value_that_no_command_line_takes_is_named_at_once(tmp_path: Path) -> None:
    text = f"base = '{SORT}'\naxes = {{'model.tracker.type': ['SORT', 'O C']}}"
    with pytest.raises(
        ValueError, match="test/type=O-C: model.tracker.type='O C'.*'OC'"
    ):
        plan_cells(sweep_of(tmp_path, text), tmp_path)


def test_axes_with_the_same_last_name(tmp_path: Path) -> None:
    text = f"""
base = '{SORT}'
axes = {{'test_dataloader.num_workers': [0], 'model.tracker.max_age': [3],
        'train_dataloader.num_workers': [1]}}
"""
    (name,) = plan_cells(sweep_of(tmp_path, text.replace('train_', 'val_')), tmp_path)
    assert name == (
        'test/test_dataloader.num_workers=0+max_age=3+val_dataloader.num_workers=1'
    )


def test_the_name_of_a_folder_is_not_too_long(tmp_path: Path) -> None:
    label = '\u00e9' * 60  # two bytes each
    text = f"""
base = '{SORT}'
axes = dict(a={{'{label}': {{}}}}, b={{'{label}': {{}}}})
"""
    with pytest.raises(ValueError, match='would be 245 bytes long'):
        plan_cells(sweep_of(tmp_path, text), tmp_path)


def test_a_stages_config_goes_over_the_sweeps(tmp_path: Path) -> None:
    text = f"""
options = dict(config='{SORT}')
stages = [dict(name='a'), dict(name='b', config='{BYTETRACK}')]
"""
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path)
    assert {id: c.setting.arguments['config'] for id, c in cells.items()} == {
        'a': SORT,
        'b': BYTETRACK,
    }


def test_weights_go_where_a_tool_takes_them(tmp_path: Path) -> None:
    text = """
base = 'smoter/smoter_tiny_synsmot'
options = dict(weights='det.pth', reid_weights='reid.onnx', seed=3)
stages = [dict(name='start', run='train'), dict(name='heads', run='train', start='start'),
          dict(name='test', start='heads')]
"""
    cells = plan_cells(sweep_of(tmp_path, text), tmp_path)
    for name in ('start', 'heads'):
        cells[name].run_dir.mkdir(parents=True)
        checkpoint = cells[name].run_dir / 'epoch_1.pth'
        checkpoint.write_text('')
        (cells[name].run_dir / 'last_checkpoint').write_text(str(checkpoint))
    words = {name: ' '.join(cell.command()) for name, cell in cells.items()}
    assert words['start'].endswith('--weights det.pth --seed 3')
    assert '--weights' not in words['heads']
    assert words['heads'].endswith(f'load_from={tmp_path}/start/run/epoch_1.pth')
    assert words['test'].endswith('--reid-weights reid.onnx')


def test_bundled_weights_decide_the_result_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
base = 'smoter/smoter_tiny_synsmot'
stages = [dict(name='a'), dict(name='b', options=dict(checkpoint='smoter_tiny_synsmot')),
          dict(name='c', options=dict(checkpoint='other.pth'))]
"""
    monkeypatch.setattr('mmsmot.utils.bundled_weights.WEIGHTS_DIR', tmp_path)
    fingerprints = []
    for content in ('old', 'new'):
        (tmp_path / 'smoter_tiny_synsmot.safetensors').write_text(content)
        cells = plan_cells(sweep_of(tmp_path, text), tmp_path / 'work')
        fingerprints.append({id: cell.fingerprint for id, cell in cells.items()})
    old, new = fingerprints
    assert {id for id in old if old[id] != new[id]} == {'a', 'b'}
