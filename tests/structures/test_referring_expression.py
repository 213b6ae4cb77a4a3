"""Tests of referring expressions in Refer-KITTI's form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.structures import ReferringExpression, read_expression, write_expression
from mmsmot.structures.referring_expression import (
    expression_from_dict,
    expression_to_dict,
)

LABELS = st.dictionaries(
    st.integers(1, 10_000), st.lists(st.integers(0, 500), max_size=4), max_size=6
)


def test_key_k_on_disk_is_frame_k_plus_1(tmp_path) -> None:
    path = tmp_path / 'men-in-red.json'
    path.write_text(
        '\ufeff'
        + json.dumps(
            dict(
                label={'0': [3, 1], '9': [2], '4': []},
                ignore={},
                video_name='0005',
                sentence='men in red',
            )
        )
    )
    expression = read_expression(path)
    assert expression.sentence == 'men in red'
    assert list(expression.labels.items()) == [(1, (1, 3)), (5, ()), (10, (2,))]
    assert expression.video_name == '0005'
    assert expression.ids() == {1, 2, 3}
    write_expression(expression, tmp_path / 'out.json')
    written = json.loads((tmp_path / 'out.json').read_text())
    assert written['label'] == {'0': [1, 3], '4': [], '9': [2]}
    assert written.keys() == {'label', 'ignore', 'video_name', 'sentence'}


@given(LABELS, LABELS, st.text(min_size=1).filter(str.strip), st.none() | st.text())
def test_round_trip(labels, ignore, sentence, raw) -> None:
    expression = ReferringExpression(sentence, labels, ignore, 'v', raw)
    text = json.dumps(expression_to_dict(expression))
    assert expression_from_dict(json.loads(text)) == expression


def test_on_frames() -> None:
    expression = ReferringExpression('a man', {1: [1], 2: [1, 4], 7: [2]}, {2: [9]})
    part = expression.on_frames([2, 3, 7])
    assert part.labels == {2: (1, 4), 7: (2,)}
    assert part.ignore == {2: (9,)}
    assert part.sentence == 'a man'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'expected an object, got list'),
        ({'label': {}}, "no key 'sentence'"),
        ({'sentence': 'a'}, "no key 'label'"),
        ({'sentence': ' ', 'label': {}}, 'a sentence must be text'),
        ({'sentence': 'a', 'label': [1]}, 'label must be an object of lists'),
        ({'sentence': 'a', 'label': {'-1': [1]}}, "'-1' is not a frame number from 0"),
        ({'sentence': 'a', 'label': {'1': 'x'}}, 'frame 2 must be a list of ids'),
        ({'sentence': 'a', 'label': {'1': [1.5]}}, '1.5 in frame 2 is no id'),
        ({'sentence': 'a', 'label': {'1': [None]}}, 'None in frame 2 is no id'),
        ({'sentence': 'a', 'label': {}, 'video_name': 3}, 'video_name must be text'),
    ],
)
def test_malformed_files_are_named(tmp_path, content, message) -> None:
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'bad.json: not a referring.*{message}'):
        read_expression(path)


def test_not_json(tmp_path) -> None:
    (tmp_path / 'bad.json').write_text('[' * 100_000)
    with pytest.raises(ValueError, match='bad.json'):
        read_expression(tmp_path / 'bad.json')


def test_frames_count_from_1() -> None:
    with pytest.raises(ValueError, match='labels count frames from 1, got 0'):
        ReferringExpression('a', {0: [1]})
