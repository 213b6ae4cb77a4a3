"""Sweep files: what they say, and what is refused in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.axis import axis_folder_name
from mmsmot.engine.sweeps.sweep_file import read_sweep

from .sweep_files import BYTETRACK, KEY, SORT, TWO_BY_TWO, sweep_of


def test_two_by_two(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, TWO_BY_TWO)
    assert [*sweep.axes['tracker'].settings] == [
        'sort_public-detections',
        'bytetrack_public-detections',
    ]
    assert sweep.axes[KEY].settings['0.3'].options == {KEY: 0.3}
    assert sweep.rows == ('tracker',)
    assert sweep.columns == (KEY,)
    assert sweep.reports == ('test',)
    assert sweep.metrics == {'HOTA': 'HOTA', 'MOTA': 'MOTA'}


def test_values_by_name_set_several_keys(tmp_path: Path) -> None:
    sweep = sweep_of(
        tmp_path,
        f"""
base = '{SORT}'
axes = dict(strict={{
    'off': {{'model.tracker.min_hits': 1}},
    'on': {{'model.tracker.min_hits': 3, 'seed': 4, 'weights': 'a.onnx'}}}})
""",
    )
    setting = sweep.axes['strict'].settings['on']
    assert setting.options == {'model.tracker.min_hits': 3}
    assert setting.arguments == {'seed': 4, 'weights': 'a.onnx'}


def test_selection_scores_the_reported_stage_on_val(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, TWO_BY_TWO + "select_on = 'val'\n")
    twin = sweep.stages['test_val']
    assert twin.setting.options == {'test_dataloader.dataset.split': 'val'}
    assert sweep.selection_stage('test') == 'test_val'
    assert sweep.select_by == 'HOTA'


def test_stages_stand_in_the_order_of_what_they_need(tmp_path: Path) -> None:
    sweep = sweep_of(
        tmp_path,
        f"""
base = '{SORT}'
axes = dict(seed=[0, 1])
stages = [
    dict(name='last', start='middle'),
    dict(name='middle', run='train', options={{'model.a.path': '$first/x $sweep'}}),
    dict(name='first', axes=[]),
]
""",
    )
    assert [*sweep.stages] == ['first', 'middle', 'last']
    assert sweep.stages['middle'].needs == ('first',)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('axes = dict(tracker=[])', r"axes\['tracker'\]: is empty"),
        ("axes = dict(a=['x/b.py', 'y/b.py'])", r"two values are called 'b'"),
        ("axes = {'model.x': ['a b', 'a-b']}", r'as a folder'),
        ('axes = dict(seed=3)', r'got 3; an axis is a list'),
        ("axes = dict(a={'x': {'min_hits': 3}})", r"'min_hits' is no dotted key"),
        ("axes = dict(a={'x': 3})", 'an axis is a list'),
        ("axes = {'model.x': ['" + 'a' * 61 + "']}", 'no label of 1 to 60'),
        ("stages = [dict(name='a', rnu='test')]", "unknown key 'rnu'"),
        ("stages = [dict(name='a', run='nothing.py')]", 'there is no tool'),
        ("stages = [dict(name='a', start='b')]", "needs the stage 'b'"),
        ("stages = [dict(name='a b')]", 'letters, digits and _'),
        ("stages = [dict(name='a'), dict(name='a')]", "two stages are called 'a'"),
        ("stages = [dict(name='a', processes=0)]", 'processes must be'),
        (
            "stages = [dict(name='a', after=['b']), dict(name='b', after=['a'])]",
            'wait for each other',
        ),
        (
            'axes = dict(seed=[1, 2])\n'
            "stages = [dict(name='a'), dict(name='b', start='a', axes=[])]",
            "add 'seed' to the axes of b",
        ),
        ("select_on = 'test'", "neither 'test' nor 'train'"),
        ("report = 'tset'", 'report must be a test stage'),
        ("metrics = ['a/HOTA', 'b/HOTA']", 'metrics must be different names'),
        ("axes = dict(a=['x', 'y'])\nrows = []", "the axis 'a' must stand once"),
        ("rows = ['b']", "rows has 'b'"),
        ("axes = dict(a=['x', 'y'])\nbaseline = dict(a='z')", "no value 'z'"),
        ('base = 3', 'base must be the name of a config'),
        ("stages = [dict(name='a', axes='seed')]", 'axes must be a list'),
        ("stages = [dict(name='a', run='train', resume=1)]", 'resume must be True'),
        (
            "stages = [dict(name='a'), dict(name='b', start='a', options=dict(weights='w'))]",
            "starts from a, whose checkpoint .* leave 'weights' out",
        ),
        (
            "select_on = 'val'\nmetrics = ['HOTA']\n"
            "stages = [dict(name='test_val'), dict(name='test')]",
            "the stage 'test_val': call your own otherwise",
        ),
        ("options = dict(load_from='a.pth')", 'none of config, seed, checkpoint'),
        ("options = {'model.a': '$test/x'}", r'options: \$test: only the options'),
        (
            "axes = {'model.a': {'x': ['$b']}}",
            r"axes\['model.a'\], 'x': \$b: only the options",
        ),
        ("axes = {3: ['x']}", '3 is no name of an axis'),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep_of(tmp_path, text)


def test_unknown_key_is_named_with_a_similar_one(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no 'axis'.*axes"):
        sweep_of(tmp_path, f"base = '{BYTETRACK}'\naxis = dict(seed=[1])")


def test_missing_file() -> None:
    with pytest.raises(FileNotFoundError, match='no sweep file'):
        read_sweep('ablations/nothing')


def test_a_sweep_in_json_runs_no_code(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='custom_imports'):
        sweep_of(tmp_path, '{"custom_imports": {"imports": ["os"]}}', 'sweep.json')


def test_a_stage_runs_no_program_beside_the_tools(tmp_path: Path) -> None:
    (tmp_path / 'evil.py').write_text('')
    for name in (str(tmp_path / 'evil.py'), '../setup.py'):
        text = json.dumps(dict(stages=[dict(name='a', run=name)]))
        with pytest.raises(ValueError, match='there is no tool'):
            sweep_of(tmp_path, text, 'sweep.json')


def test_folder_name() -> None:
    assert axis_folder_name('a/b: 0.3') == 'a-b-0.3'
    assert axis_folder_name('../..') == 'value'
