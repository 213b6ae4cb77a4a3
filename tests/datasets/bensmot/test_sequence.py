"""Tests of reading one sequence folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmsmot.datasets.bensmot.ground_truth import (
    bensmot_ground_truth,
    bensmot_video,
    gt_with_folder_in_places,
)
from mmsmot.datasets.bensmot.repairs import RepairLog
from mmsmot.datasets.bensmot.sequence import BenSMOTSequenceRecord, read_sequence
from mmsmot.datasets.graphml import UnsafeGraphML
from mmsmot.datasets.vocabulary import InteractionVocabulary

SLOW = dict(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_what_is_in_it(tmp_path, write_bensmot) -> None:
    record = read_sequence(write_bensmot(tmp_path / 's', frames=(1, 2, 4)))
    assert record.frame_ids == [1, 2, 4]
    assert record.images == ['001.jpg', '002.jpg', '004.jpg']
    assert (record.width, record.height, record.fps) == (64, 48, None)
    assert record.rows.shape == (6, 9)
    assert record.track_ids == [1, 2]
    assert record.spans is None and record.expressions is None
    assert record.log.counts == {'sparse_frames': 1}
    assert not record.text_log.counts


@pytest.mark.parametrize(
    ('names', 'frame_ids', 'counts'),
    [
        (['1.jpg', '10.JPG', '2.png'], [1, 2, 10], {'sparse_frames': 1}),
        (['img_0007.jpeg'], [7], {}),
        (['a.jpg', '3.jpg'], [3], {'image_bad_name': 1}),
        (['3.jpg', '003.jpg'], [3], {'image_bad_name': 1}),
        (['20240131123456.jpg'], [], {'image_bad_name': 1, 'images_missing': 1}),
        (['1.jpg', '.2.jpg', 'notes.txt'], [1], {}),
        (['000.jpg', '001.jpg'], [1, 2], {'frames_from_zero': 1}),
    ],
)
def test_names_of_images(names, frame_ids, counts, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', frames=(), gt='')
    picture = cv2.imencode('.png', np.zeros((4, 6, 3), np.uint8))[1].tobytes()
    for name in names:
        (folder / 'imgs' / name).write_bytes(picture)
    record = read_sequence(folder)
    assert record.frame_ids == frame_ids
    repairs = dict(record.log.counts)
    repairs.pop('image_without_box', None)
    assert repairs == counts
    assert record.width == (6 if frame_ids else None)


def test_boxes_keep_their_images_when_counting_from_0(tmp_path, write_bensmot) -> None:
    span = dict(subject=1, verb='look.v.01', object=2, start=0, end=1)
    gt = '0,1,10,1,5,5,1,1,1\n1,1,20,1,5,5,1,1,1\n0,2,1,1,5,5,1,1,1\n'
    spans = json.dumps(dict(fps=6, trajectories=[span]))
    folder = write_bensmot(tmp_path / 's', frames=(0, 1), gt=gt, spans=spans)
    record = read_sequence(folder)
    assert [*zip(record.frame_ids, record.images, strict=True)] == [
        (1, '000.jpg'),
        (2, '001.jpg'),
    ]
    assert record.rows[:, [0, 2]].tolist() == [[1, 10], [2, 20], [1, 1]]
    assert record.spans == [[1, 'look.v.01', 2, 1, 2]]
    assert record.fps == 6


def test_a_turned_image(tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's')
    image = Image.new('RGB', (64, 48))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(folder / 'imgs/001.jpg', exif=exif)
    record = read_sequence(folder)
    assert (record.width, record.height) == (48, 64)
    assert cv2.imread(str(folder / 'imgs/001.jpg')).shape == (64, 48, 3)


@pytest.mark.parametrize(
    ('text', 'fps', 'counts'),
    [
        ('[Sequence]\nframeRate=12.5\n', 12.5, {}),
        ('[Sequence]\nframeRate=no\n', None, {'seqinfo_malformed': 1}),
        ('oops', None, {'seqinfo_malformed': 1}),
    ],
)
def test_frame_rate(text, fps, counts, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's')
    (folder / 'seqinfo.ini').write_text(text)
    record = read_sequence(folder)
    assert record.fps == fps
    assert record.log.counts == counts


@pytest.mark.parametrize('fps', ['NaN', '1e308', '0', '"5"', 'true', '9' * 400])
def test_a_rate_of_spans_that_is_none(fps, tmp_path, write_bensmot) -> None:
    spans = f'{{"fps": {fps}, "trajectories": []}}'
    record = read_sequence(write_bensmot(tmp_path / 's', spans=spans))
    assert record.fps is None
    assert record.log.counts == {'fps_malformed': 1}


@pytest.mark.parametrize(
    'name',
    [
        'gt/gt.txt',
        'instance_captions.txt',
        'interactions.graphml',
        'video_caption.txt',
        'semantic_trajectories.json',
        'expressions/x.json',
        'seqinfo.ini',
        'imgs/001.jpg',
    ],
)
@given(data=st.binary(max_size=120))
@settings(max_examples=15, **SLOW)
def test_any_bytes_are_mended(name, data, good) -> None:
    (good / name).write_bytes(data)
    read_all(good)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ['fps', 'trajectories', 'subject', 'object', 'verb', 'start', 'end']
                + ['label', 'ignore', 'sentence', '0', '7']
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize('name', ['semantic_trajectories.json', 'expressions/x.json'])
@given(content=JSON)
@settings(max_examples=40, **SLOW)
def test_any_json_is_mended(name, content, good) -> None:
    (good / name).write_text(json.dumps(content))
    read_all(good)


@pytest.fixture
def good(tmp_path, write_bensmot) -> Path:
    """A sequence of two frames with every kind of file."""
    return write_bensmot(
        tmp_path / 'train/a/s',
        frames=(1, 2),
        spans='{"trajectories": []}',
        expressions={'x.json': '{"label": {}, "sentence": "x"}'},
    )


def read_all(folder: Path) -> None:
    """Read a sequence as the dataset does, and as the index keeps it."""
    try:
        record = read_sequence(folder)
    except UnsafeGraphML:
        return
    text = json.dumps(record.to_dict())
    restored = BenSMOTSequenceRecord.from_dict(json.loads(text), record.rows)
    assert json.dumps(restored.to_dict()) == text
    bensmot_video('a/s', folder, restored, 2.0)
    semantics = gt_with_folder_in_places(restored.semantics, folder)
    bensmot_ground_truth(
        folder, restored, semantics, InteractionVocabulary(), RepairLog()
    )


@pytest.mark.parametrize(
    ('frames', 'rows', 'boxed', 'counts'),
    [
        ((0, 1, 2), (1, 3), [1, 3], {'frames_from_zero': 1}),
        ((1, 2, 3), (0, 2), [1, 3], {'frames_from_zero': 1}),
        ((0, 1, 2), (1, 2), [2, 3], {'numbering_unknown': 1, 'frames_from_zero': 1}),
        ((1, 2, 3), (0, 3), [3], {'numbering_unknown': 1, 'frame_without_image': 1}),
    ],
)
def test_images_and_rows_may_count_from_different_numbers(
    frames, rows, boxed, counts, tmp_path, write_bensmot
) -> None:
    gt = ''.join(f'{row},1,10,1,5,5,1,1,1\n' for row in rows)
    record = read_sequence(write_bensmot(tmp_path / 's', frames=frames, gt=gt))
    assert record.frame_ids == [1, 2, 3]
    assert record.rows[:, 0].tolist() == boxed
    repairs = dict(record.log.counts)
    repairs.pop('image_without_box', None)
    assert repairs == counts


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes with a name')
@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('gt/gt.txt', None),
        ('instance_captions.txt', None),
        ('video_caption.txt', None),
        ('interactions.graphml', 'graph_malformed'),
        ('semantic_trajectories.json', 'span_malformed'),
    ],
)
def test_a_pipe_in_place_of_a_text(name, kind, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's')
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    if kind is None:
        with pytest.raises(ValueError, match=f'{name}: expected a file, found a pipe'):
            read_sequence(folder)
    else:
        record = read_sequence(folder)
        assert (record.log.counts | record.text_log.counts)[kind] == 1
