"""The street's clips on disk: bytes, layout, and the independent checker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets import BenSMOTDataset
from mmsmot.datasets.statistics import DatasetStatistics
from mmsmot.datasets.synsmot import build, check_synsmot, make_synsmot
from mmsmot.datasets.synsmot.checks.clip_evidence import ClipEvidence
from mmsmot.datasets.synsmot.checks.street import parse_street_expression
from mmsmot.datasets.synsmot.checks.street_motion import clear_motion_frames
from mmsmot.datasets.synsmot.street.build import make_street_clip
from mmsmot.datasets.synsmot.street.settings import (
    STREET_SIZES,
    StreetSettings,
    StreetSize,
)
from mmsmot.datasets.synsmot.street.street_object import MOVING

SMALL = StreetSize(3, 1, 1, StreetSettings(num_frames=(16, 20)))


@pytest.fixture(scope='session')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes = {'mini': SMALL}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, 'STREET_SIZES', sizes)
        out = tmp_path_factory.mktemp('street') / 'mini'
        return make_synsmot(out, workers=1, scenario='street')


def test_sizes_are_those_of_the_people_and_of_refer_ue_city() -> None:
    assert STREET_SIZES.keys() == build.SIZES.keys()
    for name in ('mini', 'small', 'medium', 'large'):
        counts = [getattr(STREET_SIZES[name], split) for split in build.SPLITS]
        assert counts == [getattr(build.SIZES[name], split) for split in build.SPLITS]
    full = STREET_SIZES['full']
    assert full.train + full.val + full.test == 14
    assert full.settings.num_expressions * 14 == 714


def test_every_claim_holds(street: Path) -> None:
    findings = check_synsmot(street)
    assert not findings.failed, findings.failed[:3]
    for claim in ('expression: motion', 'expression: complete', 'colour of the object'):
        assert findings.checked[claim] >= 5


def test_a_clip_depends_on_its_place_alone(street: Path) -> None:
    clip = make_street_clip(0, 2, 'train', SMALL.settings)
    folder = street / 'train/street/000002'
    script = json.loads((folder / 'script.json').read_text())
    assert script == clip.facts
    files = {p.name for p in (folder / 'expressions').iterdir()}
    assert files == {f'{text.replace(" ", "-")}.json' for text in clip.expressions}
    rows = np.loadtxt(folder / 'gt/gt.txt', delimiter=',')
    assert len(rows) == len(clip.rows)
    next_seed = make_street_clip(1, 2, 'train', SMALL.settings)
    assert next_seed.captions != clip.captions


def test_it_is_read_as_every_dataset(street: Path) -> None:
    classes = ('person', 'car', 'van', 'bus', 'bicycle')
    dataset = BenSMOTDataset(
        data_root=str(street),
        split='train',
        num_frames=2,
        cache=False,
        metainfo=dict(classes=classes),
    )
    assert len(dataset) == 3
    assert not dataset.repairs.counts
    sample = dataset[0]['data_samples']
    assert sample.gt_trajectories.labels.max() >= 1
    assert sample.gt_expressions
    statistics = DatasetStatistics.of(dataset.read_videos())
    referring = statistics.referring()
    assert referring['Boxes of expressions'] == sum(statistics.expression_boxes)
    assert 0.2 < referring['Temporal ratio per expression'] <= 1
    assert referring['Instances per expression'] >= 1


def test_scenarios_are_not_mixed(street: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="made with scenario 'street', asked for None"):
        make_synsmot(street, workers=1)
    with pytest.raises(ValueError, match='scenario: expected one of people, street'):
        make_synsmot(tmp_path, scenario='sea')


@pytest.fixture
def broken(street: Path, tmp_path: Path) -> Path:
    """A copy of one clip with its dataset's note."""
    shutil.copytree(street / 'train/street/000000', tmp_path / 'train/street/000000')
    shutil.copy(street / 'synsmot.json', tmp_path)
    return tmp_path


def failed_kinds(root: Path) -> set[str]:
    return {kind for kind, *_ in check_synsmot(root).failed}


def test_a_wrong_colour_is_found(broken: Path) -> None:
    path = broken / 'train/street/000000/instance_captions.txt'
    names = path.read_text().splitlines()
    wrong = [
        line.replace(' red ', ' blue ').replace(' black ', ' white ')
        if ' red ' in line or ' black ' in line
        else line.replace(' blue ', ' red ').replace(' gray ', ' green ')
        for line in names
    ]
    assert wrong != names
    path.write_text('\n'.join(wrong) + '\n')
    assert {'colour of the object', 'expression: looks'} & failed_kinds(broken)


def test_a_wrong_motion_is_found(broken: Path) -> None:
    """Who stands is said to move, and who moves to wait."""
    folder = broken / 'train/street/000000'
    rows = np.loadtxt(folder / 'gt/gt.txt', delimiter=',')
    x = {n: rows[rows[:, 1] == n, 2] for n in np.unique(rows[:, 1]).astype(int)}
    widths = {n: rows[rows[:, 1] == n, 4] for n in x}
    inside = [n for n in x if x[n].min() > 0 and (x[n] + widths[n]).max() < 480]
    still = min(inside, key=lambda n: np.ptp(x[n]))
    name = (folder / 'instance_captions.txt').read_text().splitlines()[still - 1]
    kind = name.split(':')[0].rstrip('0123456789')
    noun = {'bus': 'buses', 'bicycle': 'bicycles', 'man': 'men', 'woman': 'women'}
    text = f'{noun.get(kind, "children" if kind in ("boy", "girl") else kind + "s")} '
    text += (
        'walking to the left' if kind in ('man', 'woman', 'boy', 'girl') else 'moving'
    )
    labels = {
        str(int(f) - 1): [int(still)] for f in rows[rows[:, 1] == still, 0].tolist()
    }
    content = dict(label=labels, ignore={}, video_name='000000', sentence=text)
    path = folder / 'expressions' / f'{text.replace(" ", "-")}.json'
    path.write_text(json.dumps(content))
    assert failed_kinds(broken) == {'expression: motion'}


def test_a_mover_that_is_left_out_is_found(street: Path, tmp_path: Path) -> None:
    """Of all vehicles that move one is taken out; of the others nothing is wrong."""
    folder = tmp_path / 'train/street/000002'
    shutil.copytree(street / 'train/street/000002', folder)
    shutil.copy(street / 'synsmot.json', tmp_path)
    clip = ClipEvidence(folder)
    objects = json.loads((folder / 'script.json').read_text())['objects']
    vehicles = [n for n in clip.ids if objects[n - 1]['kind'] in ('car', 'van', 'bus')]
    clear = {n: clear_motion_frames(clip, n, 'moving') for n in vehicles}
    (mover,) = (n for n in vehicles if clear[n])
    moving = [
        (frame, n)
        for frame, n in clip.rows[:, :2].astype(int).tolist()
        if n in vehicles and objects[n - 1]['speed'][frame - 1] >= MOVING
    ]
    text = 'vehicles moving'
    for frames, expected in ((moving, set()), (moving[:3], {'motion complete'})):
        labels: dict[str, list[int]] = {}
        for frame, n in frames:
            labels.setdefault(str(frame - 1), []).append(n)
        content = dict(label=labels, ignore={}, video_name='000002', sentence=text)
        path = folder / 'expressions' / f'{text.replace(" ", "-")}.json'
        path.write_text(json.dumps(content))
        assert failed_kinds(tmp_path) == {f'expression: {kind}' for kind in expected}
    assert mover


def test_a_label_without_box_and_an_unknown_word_are_found(broken: Path) -> None:
    folder = broken / 'train/street/000000/expressions'
    for text, label in (('people', {'500': [1]}), ('cars dancing', {'0': [1]})):
        content = dict(label=label, ignore={}, video_name='000000', sentence=text)
        path = folder / f'{text.replace(" ", "-")}.json'
        path.write_text(json.dumps(content))
    kinds = failed_kinds(broken)
    assert {'expression: boxes exist', 'expression understood'} <= kinds


@pytest.mark.parametrize(
    ('sentence', 'parts'),
    [
        ('people in red or in blue', ('people', ('red', 'blue'), (), '')),
        (
            'white vans coming towards the camera',
            ('vans', ('white',), ('coming towards the camera',), ''),
        ),
        (
            'cars turning left or moving to the right',
            ('cars', (), ('moving to the right', 'turning left'), ''),
        ),
        ('cars and boats', ('cars', (), (), 'and boats')),
    ],
)
def test_expressions_are_read_back(sentence: str, parts: tuple) -> None:
    assert parse_street_expression(sentence) == parts
