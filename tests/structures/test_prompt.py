"""What is asked for, from a command line to JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.structures import (
    Prompt,
    as_prompts,
    prompt_from_dict,
    prompt_to_dict,
    prompts_from_options,
)

side = st.floats(0, 1e4, allow_nan=False)
boxes = st.dictionaries(
    st.integers(1, 10**6),
    st.tuples(side, side, side, side).map(
        lambda b: (
            min(b[0], b[2]),
            min(b[1], b[3]),
            max(b[0], b[2]) + 1,
            max(b[1], b[3]) + 1,
        )
    ),
    max_size=3,
)
points = st.dictionaries(st.integers(1, 10**6), st.tuples(side, side), max_size=3)
prompts = st.builds(
    Prompt, st.text(min_size=1).filter(str.strip), boxes=boxes, points=points
)


@given(prompts)
def test_json_keeps_everything(prompt: Prompt) -> None:
    content = json.loads(json.dumps(prompt_to_dict(prompt)))
    again = prompt_from_dict(content)
    assert again == prompt
    assert again.key == prompt.key
    assert hash(again) == hash(prompt)


@given(prompts, prompts)
def test_a_key_is_of_one_prompt(prompt: Prompt, other_prompt: Prompt) -> None:
    assert (prompt.key == other_prompt.key) == (prompt == other_prompt)
    assert not set(prompt.key) - set('abcdefghijklmnopqrstuvwxyz0123456789-')
    assert len(prompt.key) <= 50


def test_a_command_line_gives_a_prompt_for_each_text_and_one_target() -> None:
    assert prompts_from_options() == ()
    prompts = prompts_from_options(
        ['a man', 'two women'], ['1,10,20,30,60', '5,12,20,32,60'], ['9,4,5']
    )
    assert [p.text for p in prompts] == ['a man', 'two women', None]
    assert prompts[2].boxes == {1: (10, 20, 30, 60), 5: (12, 20, 32, 60)}
    assert prompts[2].points == {9: (4, 5)}
    assert str(prompts[2]) == 'box in frame 1, box in frame 5, point in frame 9'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(boxes=['1,2,3']), "--box '1,2,3': write it as FRAME,X1,Y1,X2,Y2"),
        (dict(points=['x,2,3']), "--point 'x,2,3': write it as FRAME,X,Y"),
        (dict(boxes=['1,30,20,10,60']), 'frame 1 must be x1, y1, x2, y2 with x1 < x2'),
        (dict(boxes=['0,1,2,3,4']), 'by frame number, from 1, got 0'),
        (dict(points=['1,nan,3']), 'points of frame 1 must be 2 numbers'),
        (dict(texts=['  ']), "text must be a sentence, got '  '"),
        (dict(texts=['a', 'a']), 'the same prompt is given twice'),
    ],
)
def test_what_is_no_prompt_says_how_to_write_one(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        prompts_from_options(**arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'must be an object, got list'),
        ({}, 'give text, boxes or points'),
        ({'texts': 'a'}, "got 'texts'"),
        ({'boxes': [1]}, 'boxes must be an object of rows'),
        ({'boxes': {'٣': [1, 2, 3, 4]}}, 'a key must be a frame number'),
    ],
)
def test_what_is_no_prompt_in_json_names_the_key(content, message: str) -> None:
    with pytest.raises(ValueError) as error:
        prompt_from_dict(content)
    assert message in str(error.value)


def test_prompts_that_users_give() -> None:
    man = Prompt('a man')
    assert as_prompts('a man') == as_prompts(man) == as_prompts(['a man']) == (man,)
    assert as_prompts(()) == ()
    with pytest.raises(TypeError, match='must be a Prompt or a text, got 3'):
        as_prompts([3])
    with pytest.raises(ValueError, match='given twice'):
        as_prompts([man, 'a man'])


def test_one_box_in_a_frame() -> None:
    with pytest.raises(ValueError, match='frame 1 has a box already'):
        prompts_from_options(boxes=['1,0,0,5,5', '1,2,2,6,6'])
