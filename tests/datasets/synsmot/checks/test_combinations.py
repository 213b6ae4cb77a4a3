"""Combinations held out for val and test: the list fits the captions, lies are caught."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from mmsmot.datasets.synsmot.appearance import SHIRT_COLORS
from mmsmot.datasets.synsmot.casting import held_out_casting_pairs
from mmsmot.datasets.synsmot.checks.checker import check_clip
from mmsmot.datasets.synsmot.checks.claims import parse_caption_claims
from mmsmot.datasets.synsmot.checks.combinations import HELD_OUT, claimed_combination
from mmsmot.datasets.synsmot.lexicon import CLAUSES


@pytest.mark.parametrize('split', ['val', 'test'])
def test_the_list_is_the_rule_of_the_generator(split):
    """Every way to say an action is read as a deed that the same colour is held out of."""
    color_of = {action: color for color, action in held_out_casting_pairs(split)}
    forms = [
        (action, form) for action, all_forms in CLAUSES.items() for form in all_forms
    ]
    assert len(forms) == 96
    for action, form in forms:
        clause = form.format(d='to the left', o='a man in red', c='blue')
        _, (doing,), rest = parse_caption_claims(f'A boy in blue {clause}.')
        color = HELD_OUT[split][claimed_combination(doing)]
        assert (color, rest) == (color_of[action], ''), clause
    assert set(HELD_OUT[split].values()) == set(SHIRT_COLORS)


def _with_caption(clip: Path, caption: str) -> None:
    path = clip / 'instance_captions.txt'
    first, *rest = path.read_text().splitlines()
    path.write_text('\n'.join([f'{first.split(":")[0]}: {caption}', *rest]) + '\n')


@pytest.mark.parametrize(
    ('split', 'caption', 'expected'),
    [
        ('train', 'A woman in red leaves a man in blue.', {'held out for val'}),
        ('train', 'A woman in red walks to the left.', {'held out for test'}),
        ('train', 'A woman in red brings a blue box to a man in blue.', set()),
        ('train', 'A woman in yellow approaches a man in blue.', {'held out for test'}),
        ('train', 'A woman in pink approaches a man in blue.', {'held out for val'}),
        ('val', 'A woman in red leaves a man in blue.', set()),
        ('val', 'A woman in red walks to the left.', {'held out for test'}),
        ('test', 'A woman in red walks to the left, then leaves him.', set()),
    ],
)
def test_a_combination_of_another_split_is_caught(
    mini, split, caption, expected, tmp_path
):
    clip = tmp_path / split / 'chasing' / '000004'
    shutil.copytree(mini / 'train/chasing/000004', clip)
    (tmp_path / 'val').mkdir(exist_ok=True)
    _with_caption(clip, caption)
    kinds = {kind for kind, *_ in check_clip(clip).failed}
    assert {kind for kind in kinds if kind.startswith('held out')} == expected


def test_a_dataset_without_val_holds_nothing_out_for_it(mini, tmp_path):
    clip = tmp_path / 'train' / 'chasing' / '000004'
    shutil.copytree(mini / 'train/chasing/000004', clip)
    _with_caption(clip, 'A woman in red leaves a man in blue.')
    found = check_clip(clip)
    assert 'held out for val' not in found.checked
    assert found.checked['held out for test'] > 0


def test_each_deed_told_in_training_is_tested(mini, mini_findings):
    """As many claims as captions tell deeds: train for both splits, val for test."""
    told = dict.fromkeys(('train', 'val', 'test'), 0)
    for path in mini.glob('*/*/*/script.json'):
        names = {p['name'] for p in json.loads(path.read_text())['people']}
        lines = (path.parent / 'instance_captions.txt').read_text().splitlines()
        assert len(lines) == len(names)
        for line in lines:
            caption = re.sub(r'^\w+: ', '', line)
            told[path.parents[2].name] += len(parse_caption_claims(caption)[1])
    checked = mini_findings.checked
    assert checked['held out for val'] == told['train'] > 40
    assert checked['held out for test'] == told['train'] + told['val']
