"""Tests of the way from a record to video and truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.bensmot.ground_truth import (
    bensmot_ground_truth,
    bensmot_video,
    gt_with_folder_in_places,
)
from mmsmot.datasets.bensmot.repairs import RepairLog
from mmsmot.datasets.bensmot.sequence import read_sequence
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.vocabulary import InteractionVocabulary


def ground_truth_of(
    folder: Path, verbs: str = 'clean335'
) -> tuple[GroundTruth, RepairLog]:
    record, log = read_sequence(folder), RepairLog()
    semantics = gt_with_folder_in_places(record.semantics, folder)
    vocabulary = InteractionVocabulary(verbs)
    return bensmot_ground_truth(folder, record, semantics, vocabulary, log), log


def spans(*rows: tuple) -> str:
    keys = ('subject', 'verb', 'object', 'start', 'end')
    return json.dumps(
        dict(trajectories=[dict(zip(keys, row, strict=True)) for row in rows])
    )


def test_columns_of_gt(tmp_path, write_bensmot) -> None:
    gt = '2,7,1,2,3,4,0,5,0.25\n1,7,1,2,3,4,1,5,0.5\n'
    gt, _ = ground_truth_of(write_bensmot(tmp_path / 's', gt=gt))
    table = gt.trajectories
    assert table.frame_ids.tolist() == [1, 2]
    assert table.ids.tolist() == [7, 7]
    assert table.boxes.tolist() == [[1, 2, 4, 6]] * 2
    assert table.scores.tolist() == [1, 0]
    assert table.labels.tolist() == [5, 5]
    assert table.visibility.tolist() == [0.5, 0.25]


def test_video(tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', frames=(1, 3))
    video = bensmot_video('a/s', folder, read_sequence(folder), 2.5)
    assert video.video.fps == 2.5
    assert video.video.files == {'gt': str(folder / 'gt/gt.txt')}
    assert video.frame_ids.dtype == np.int64
    assert [frame.timestamp for frame in video] == [0, 0.8]
    assert video.frame_at(1).image.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ('rows', 'expected', 'counts'),
    [
        (
            [(1, 'look.v.01', 2, 1, 3), (1, 'follow.v.01', 2, 2, 6)],
            [('look.v.01', 1, 3), ('follow.v.01', 2, 6)],
            {},
        ),
        (
            [(1, 'look.v.01', 2, 5, 6), (1, 'look.v.01', 2, 1, 3)] * 2,
            [('look.v.01', 5, 6), ('look.v.01', 1, 3), ('follow.v.01', 0, 0)],
            {'edge_without_span': 1},
        ),
        (
            [(2, 'look.v.01', 1, 1, 3)],
            [('look.v.01', 0, 0), ('follow.v.01', 0, 0)],
            {'edge_without_span': 2, 'span_without_edge': 1},
        ),
        (
            [(1, 'loo.v.01', 2, 1, 3), (1, 'qqq', 2, 1, 3)],
            [('look.v.01', 1, 3), ('follow.v.01', 0, 0)],
            {'edge_without_span': 1, 'verb_respelled': 1, 'verb_unknown': 1},
        ),
    ],
)
def test_spans(rows, expected, counts, tmp_path, write_bensmot) -> None:
    gt, log = ground_truth_of(write_bensmot(tmp_path / 's', spans=spans(*rows)))
    table = gt.interactions
    columns = (table.verbs, table.start_frames, table.end_frames)
    assert list(zip(*columns, strict=True)) == expected
    assert log.counts == counts


def test_a_verb_of_ones_own(tmp_path, write_bensmot) -> None:
    (tmp_path / 'verbs.txt').write_text('juggle.v.01\nlook.v.01\n')
    edges = (('man0', 'woman0', 'juggle.v.01,hit.v.02'),)
    folder = write_bensmot(tmp_path / 's', edges=edges)
    gt, log = ground_truth_of(folder, str(tmp_path / 'verbs.txt'))
    assert gt.interactions.verbs.tolist() == ['juggle.v.01']
    place = f"{folder}/interactions.graphml:4: verb 'hit.v.02' is not among the 2 "
    assert log.examples['verb_unknown'][0].startswith(place)


def test_an_expression_that_names_nobody_is_told(tmp_path, write_bensmot) -> None:
    expressions = {
        'a.json': '{"label": {"0": [1, 9]}, "sentence": "a"}',
        'b.json': '{"label": {"0": [1]}, "sentence": "b"}',
    }
    folder = write_bensmot(tmp_path / 's', expressions=expressions)
    gt, log = ground_truth_of(folder)
    assert [e.sentence for e in gt.expressions] == ['a', 'b']
    assert log.counts == {'expression_unknown_track': 1}
    place = log.examples['expression_unknown_track'][0]
    assert place == f'{folder}/expressions/a.json: id 9'


def test_near_verbs_are_looked_for_in_examples_alone(
    tmp_path, write_bensmot, monkeypatch
) -> None:
    edges = ''.join(
        f'<edge source="woman0" target="man0"><data key="relationship">own{i}</data></edge>'
        for i in range(50)
    )
    graph = (
        f'<graphml><graph><node id="woman0"/><node id="man0"/>{edges}</graph></graphml>'
    )
    folder = write_bensmot(tmp_path / 's', graph=graph)
    verbs = []
    monkeypatch.setattr(
        InteractionVocabulary, 'unknown_message', lambda self, v: verbs.append(v) or v
    )
    _, log = ground_truth_of(folder)
    assert log.counts['verb_unknown'] == 50
    assert verbs == ['own0', 'own1', 'own2']
