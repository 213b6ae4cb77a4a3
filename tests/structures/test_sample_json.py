"""Tests of samples as JSON."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

pytest.importorskip('torch')

from mmsmot.structures import (  # noqa: E402
    CoordinateSpace,
    Interactions,
    MotionSpan,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
    sample_from_dict,
    sample_to_dict,
)

TABLES = (Trajectories, Interactions)
from mmsmot.structures.motion_span import DEPTHS, DIRECTIONS, MOTIONS  # noqa: E402

IDS = st.integers(0, 2**53)
TEXT = st.text(st.characters(exclude_categories=['Cs']), max_size=8)


@st.composite
def trajectories(draw: Any) -> Trajectories:
    keys = draw(
        st.lists(st.tuples(st.integers(1, 2**40), IDS), unique=True, max_size=5)
    )
    count = len(keys)

    def floats(shape: tuple, low: float, high: float) -> np.ndarray:
        return draw(arrays.arrays(float, shape, elements=st.floats(low, high)))

    corner = floats((count, 2), -1e6, 1e6)
    boxes = np.concatenate([corner, corner + floats((count, 2), 1e-3, 1e6)], axis=1)
    size = st.none() | st.integers(1, 5000)
    return Trajectories(
        [frame for frame, _ in keys],
        [i for _, i in keys],
        boxes,
        scores=floats((count,), 0, 1),
        visibility=floats((count,), 0, 1),
        space=CoordinateSpace(draw(TEXT), draw(size), draw(size)),
    )


@st.composite
def interactions(draw: Any) -> Interactions:
    verb = TEXT.filter(lambda text: text.strip('\0'))
    row = st.tuples(IDS, IDS, verb.filter(lambda text: not text.endswith('\0')))
    rows = draw(st.lists(row.filter(lambda r: r[0] != r[1]), unique=True, max_size=4))
    columns = zip(*rows, strict=True) if rows else ([], [], np.empty(0, np.str_))
    table = Interactions(*map(np.array, columns))
    if not rows or not draw(st.booleans()):
        return table
    labels = ['cup'] + [''] * (len(rows) - 1)
    object_ids = np.concatenate([[-1], table.object_ids[1:]])
    return replace(table, object_ids=object_ids, partner_labels=labels)


@st.composite
def samples(draw: Any) -> SMOTDataSample:
    labels = st.dictionaries(st.integers(1, 99), st.lists(IDS, max_size=3), max_size=3)
    expression = st.builds(ReferringExpression, TEXT.filter(str.strip), labels, labels)
    motion = st.builds(
        MotionSpan,
        st.integers(0, 9),
        st.integers(9, 2**40),
        *map(st.sampled_from, (MOTIONS, DIRECTIONS, DEPTHS)),
    )
    video = st.builds(
        VideoInfo, TEXT, TEXT, st.floats(0.1, 240), files=st.dictionaries(TEXT, TEXT)
    )
    frame_ids = np.array(draw(st.lists(st.integers(1, 2**40), max_size=4)), np.int64)
    sample = SMOTDataSample(metainfo=dict(video=draw(video), frame_ids=frame_ids))
    sides = draw(st.sampled_from([('gt',), ('pred',), ('gt', 'pred'), ()]))
    for side in sides:
        fields = {
            'trajectories': draw(trajectories()),
            'captions': draw(st.dictionaries(IDS, TEXT, max_size=3)),
            'motions': draw(
                st.dictionaries(IDS, st.lists(motion, max_size=2), max_size=2)
            ),
            'interactions': draw(interactions()),
            'video_caption': draw(TEXT),
            'expressions': draw(st.lists(expression, max_size=2)),
        }
        for name in draw(st.sets(st.sampled_from(list(fields)))):
            sample.set_field(fields[name], f'{side}_{name}')
    return sample


def assert_equal(actual: Any, expected: Any) -> None:
    """Equal values of equal types, arrays and tables included."""
    assert type(actual) is type(expected)
    if isinstance(actual, np.ndarray):
        assert actual.dtype.kind == expected.dtype.kind
        np.testing.assert_array_equal(actual, expected)
    elif isinstance(actual, TABLES):
        for name, value in vars(actual).items():
            assert_equal(value, getattr(expected, name))
    else:
        assert actual == expected


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(samples())
def test_round_trip_loses_nothing(sample) -> None:
    again = sample_from_dict(json.loads(json.dumps(sample_to_dict(sample))))
    assert set(again.keys()) == set(sample.keys())
    assert set(again.metainfo_keys()) == set(sample.metainfo_keys())
    for name, value in sample.all_items():
        assert_equal(again.get(name), value)


def test_plain_fields_of_the_callers_own_come_along() -> None:
    sample = SMOTDataSample(metainfo=dict(note={'run': [1, 2.5, None, True, 'x']}))
    sample.extra = ['a', {'b': 1}]
    again = sample_from_dict(sample_to_dict(sample))
    assert again.note == sample.note
    assert again.extra == sample.extra


@pytest.mark.parametrize('value', [np.zeros(2), (1, 2), {1: 2}, object(), {3}])
def test_what_would_be_lost_is_refused(value) -> None:
    sample = SMOTDataSample()
    sample.extra = value
    with pytest.raises(TypeError, match="sample field 'extra'"):
        sample_to_dict(sample)


@pytest.fixture
def content() -> dict:
    sample = SMOTDataSample(
        metainfo=dict(video=VideoInfo('a', 'b'), frame_ids=np.array([1]))
    )
    sample.gt_trajectories = Trajectories([1], [2], [[0, 0, 5, 5]])
    sample.gt_interactions = Interactions([1], [2], ['look.v.01'])
    sample.gt_captions = {2: 'x'}
    sample.gt_video_caption = 'y'
    sample.gt_expressions = [ReferringExpression('z', {1: [2]})]
    return json.loads(json.dumps(sample_to_dict(sample)))


@pytest.mark.parametrize(
    ('path', 'value', 'message'),
    [
        ('format', 'pickle', "not a sample of format 'mmsmot.sample'"),
        ('version', 3, 'version 3'),
        ('version', True, 'version True'),
        ('meta', [], 'meta must be dict'),
        ('meta.video.fps', 'fast', 'meta.video: video: .fps. must be a finite number'),
        ('meta.video.fps', 0, 'video: .fps. must be a finite number from 1e-06'),
        (
            'meta.video.fps',
            float('nan'),
            'video: .fps. must be a finite number from 1e-06',
        ),
        ('meta.video.fps', 10**400, 'video: .fps. must be a finite number from 1e-06'),
        ('meta.video.width', -5, 'video: .width. must be a whole number from 1'),
        ('meta.video.height', 10**30, 'video: .height. must be a whole number from 1'),
        ('meta.frame_ids', [2**70], 'a value of frame_ids has more than 64 bits'),
        ('meta.video.files', {'gt': 3}, 'video.files.gt must be str'),
        ('meta.frame_ids', [1.5], 'meta.frame_ids: a value of frame_ids must be int'),
        ('data.to', 1, "'to' cannot be the name of a field"),
        ('data.__class__', 1, "'__class__' cannot be the name of a field"),
        ('data.frame_ids', [1], 'frame_ids stands in meta and in data'),
        ('data.gt_trajectories', [1], 'data.gt_trajectories: the table must be dict'),
        ('data.gt_trajectories.ids', [True], 'ids must be int, got bool'),
        ('data.gt_trajectories.ids', [2**70], 'a value of ids has more than 64 bits'),
        ('data.gt_trajectories.scores', [10**400], 'scores must be a finite number'),
        (
            'data.gt_trajectories.space.width',
            1.5,
            'space: .width. must be a whole number',
        ),
        (
            'data.gt_interactions.scores',
            [5.0],
            'scores must be from 0 to 1, got 5 to 5',
        ),
        ('data.gt_interactions.scores', [-1], 'scores must be from 0 to 1, got -1 to'),
        ('data.gt_captions', {'٢': 'y'}, 'data.gt_captions: captions must map ids'),
        ('data.gt_captions', {'2': 'x', '02': 'y'}, 'each id once'),
        ('data.gt_trajectories.boxes', [[1, 2, 3]], 'data.gt_trajectories: '),
        ('data.gt_trajectories.boxes', [[5, 0, 0, 5]], 'empty or inverted'),
        ('data.gt_trajectories.space', None, 'space must be dict, got NoneType'),
        ('data.gt_interactions.verbs', [None], 'a value of verbs must be str'),
        ('data.gt_interactions', {}, 'the table has no subject_ids'),
        ('data.gt_interactions.partner_labels', [3], 'partner_labels must be str'),
        ('data.gt_captions', {'x': 'y'}, 'data.gt_captions: captions must map ids'),
        ('data.gt_motions', {'x': []}, 'data.gt_motions: motions must map ids'),
        ('data.gt_motions', {'1': {}}, 'the motions of 1 must be list'),
        ('data.gt_motions', {'1': [3]}, 'a motion span must be a dict, got 3'),
        ('data.gt_motions', {'1': [{'start_frame': 1}]}, "there is no 'end_frame'"),
        (
            'data.gt_motions',
            {'1': [{'start_frame': 5, 'end_frame': 4, 'motion': 'walk'}]},
            'ends at frame 4, before it starts, 5',
        ),
        (
            'data.gt_motions',
            {'1': [{'start_frame': 1, 'end_frame': 4, 'motion': 'fly'}]},
            "motion of a motion span must be one of 'stand'",
        ),
        ('data.gt_video_caption', 3, 'data.gt_video_caption: the caption must be str'),
        ('data.gt_expressions', [{}], "data.gt_expressions: there is no key 'label'"),
    ],
)
def test_bad_content_names_the_field(content, path, value, message) -> None:
    sample_from_dict(copy.deepcopy(content))
    *parents, name = path.split('.')
    place = content
    for parent in parents:
        place = place[parent]
    place[name] = value
    with pytest.raises(ValueError, match=message):
        sample_from_dict(content)


def test_version_1_is_read(content) -> None:
    content['version'] = 1
    for name in ('gt_interactions',):
        del content['data'][name]['partner_labels']
    sample = sample_from_dict(content)
    assert sample.gt_interactions.partner_labels.tolist() == ['']
    assert sample_to_dict(sample)['version'] == 2


def test_keys_of_a_run_beside_it_are_left_aside(content) -> None:
    sample = sample_from_dict({**content, 'speed': {'fps': 2.0}, 'files': ['a']})
    assert 'speed' not in sample
