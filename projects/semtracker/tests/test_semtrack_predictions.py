"""Predictions in SemTrack's JSON: read, written, and scored."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from projects.semtracker.datasets.relation_tracks import RelationTracks
from projects.semtracker.datasets.semtrack_json import SemTrackFile, read_semtrack_json
from projects.semtracker.datasets.semtrack_predictions import (
    KEYS,
    read_semtrack_predictions,
    write_semtrack_predictions,
)
from projects.semtracker.tests.test_semtrack_formats import CONTENT, annotation, written
from projects.semtracker.tools import score_predictions
from projects.semtracker.tools.score_predictions import prediction_scores

TWO_VIDEOS = CONTENT | dict(
    videos=[*CONTENT['videos'], dict(id=7, name='YFCC/b', lang='the dog')],
    images=[*CONTENT['images'], dict(id=90, video_id=7, frame_index=3)],
    annotations=[
        *CONTENT['annotations'],
        annotation(90, 3, video_id=7, main_object=1, relation_sub_category_id=0),
    ],
)


@pytest.fixture
def gt(tmp_path: Path) -> SemTrackFile:
    return read_semtrack_json(written(tmp_path, TWO_VIDEOS))


def truth(gt: SemTrackFile) -> list[RelationTracks]:
    return [query.tracks for query in gt.queries]


def assert_equal(
    tables: list[RelationTracks], expected_tables: list[RelationTracks]
) -> None:
    for table, expected in zip(tables, expected_tables, strict=True):
        for column in fields(RelationTracks):
            np.testing.assert_array_equal(
                getattr(table, column.name),
                getattr(expected, column.name),
                err_msg=column.name,
            )


def rounded(gt: SemTrackFile, tables: list[RelationTracks], path: Path) -> list:
    write_semtrack_predictions(path, tables, gt)
    return read_semtrack_predictions(path, gt)


@pytest.mark.parametrize('mode', ['fixed', 'released'])
def test_the_truth_is_perfect(gt: SemTrackFile, mode: str) -> None:
    scores = prediction_scores(gt, truth(gt), mode)
    assert scores.pop('MTI') == 3
    silent = scores.pop('st_map_silent'), scores.pop('MTIR_silent')
    # The released rule takes -1 told of -1 in one role for right, whatever the other has.
    assert silent == (1.0, 1.0) if mode == 'released' else max(silent) < 0.5
    np.testing.assert_allclose([*scores.values()], 1.0)


def test_swapped_roles_are_worse(gt: SemTrackFile) -> None:
    swapped = [
        replace(
            table,
            subject_relations=table.object_relations,
            object_relations=table.subject_relations,
        )
        for table in truth(gt)
    ]
    scores = prediction_scores(gt, swapped)
    assert scores['track_map'] == 1.0
    assert scores['st_map'] == scores['MTIR'] == scores['f1_micro'] == 0.0


def test_nothing_predicted(gt: SemTrackFile, tmp_path: Path) -> None:
    path = tmp_path / 'none.json'
    path.write_text('[]')
    tables = read_semtrack_predictions(path, gt)
    assert [len(table) for table in tables] == [0, 0]
    scores = prediction_scores(gt, tables)
    assert {*scores.values()} == {0.0}


def test_written_and_read_again(gt: SemTrackFile, tmp_path: Path) -> None:
    path = tmp_path / 'predictions.json'
    tables = truth(gt)
    tables[0] = replace(
        tables[0],
        subject_relations=np.tile([5, 0], (6, 1)),
        object_relations=np.full((6, 1), -1),
        scores=np.linspace(0.1, 0.9, 6),
    )
    assert_equal(rounded(gt, tables, path), tables)
    entries = json.loads(path.read_text())
    assert [*entries[0]] == [*KEYS]
    assert entries[0]['bbox'] == [0, 0, 10, 20] and entries[-1]['image_id'] == 90
    assert entries[0]['relation_sub_category_id'] == [5, 0]


def test_ids_of_tracks_are_unique_in_the_file(gt: SemTrackFile, tmp_path: Path) -> None:
    tables = truth(gt)
    tables[1] = replace(tables[1], ids=np.array([2]))  # as in the first sequence
    read = rounded(gt, tables, tmp_path / 'p.json')
    assert {*read[0].ids.tolist()} == {1, 2} and read[1].ids.tolist() == [5]


def test_id_0_in_two_sequences_gets_an_own_number(
    gt: SemTrackFile, tmp_path: Path
) -> None:
    targets = [table[table.is_main] for table in truth(gt)]
    tables = [replace(table, ids=table.ids * 0) for table in targets]
    read = rounded(gt, tables, tmp_path / 'p.json')
    assert {*read[0].ids.tolist()} == {0} and read[1].ids.tolist() == [1]


def box(**changes: object) -> dict:
    values = dict(
        image_id=10,
        video_id=1,
        track_id=3,
        category_id=2,
        bbox=[1, 2, 3, 4],
        score=0.5,
        is_main=1,
        relation_sub_category_id=[5, 0],
        relation_obj_category_id=[-1],
    )
    return values | changes


def test_lists_of_classes_may_differ_in_length(
    gt: SemTrackFile, tmp_path: Path
) -> None:
    path = tmp_path / 'p.json'
    rows = [
        box(),
        box(image_id=11, relation_sub_category_id=0, relation_obj_category_id=[]),
    ]
    path.write_text(json.dumps(rows))
    table, _ = read_semtrack_predictions(path, gt)
    assert table.subject_relations.tolist() == [[5, 0], [0, 0]]
    assert table.object_relations.tolist() == [[-1], [-1]]
    assert table.frame_ids.tolist() == [1, 2] and table.is_main.all()
    assert table.boxes[0].tolist() == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(a=1), 'expected a list of predicted boxes, got dict'),
        ([box(), 3], r"\[1\] has no 'image_id'"),
        ([{k: v for k, v in box().items() if k != 'score'}], r"\[0\] has no 'score'"),
        ([box(image_id=99)], r'\[0\]: image_id 99 is not in the annotations'),
        ([box(image_id='10')], r'\[0\]: image_id must be a whole number'),
        ([box(track_id=-1)], r'\[0\]: track_id must be from 0'),
        ([box(video_id=7)], r'\[0\]: video_id is 7, but image 10 is of video 1'),
        ([box(category_id=3)], r'\[0\]: category_id 3 is not in the annotations'),
        ([box(bbox=[1, 2, 3])], r'\[0\]: bbox must be four numbers'),
        ([box(bbox=[1, 2, 0, 3])], r'\[0\]: bbox has no area'),
        ([box(bbox=[float('nan'), 2, 1, 3])], r'\[0\]: bbox has no area'),
        ([box(score=float('nan'))], r'\[0\]: score must be a number'),
        ([box(score=True)], r'\[0\]: score must be a number'),
        ([box(is_main='yes')], r'\[0\]: is_main must be 0 or 1'),
        ([box(relation_sub_category_id=[3])], r'\[0\]: relation_sub_.*or -1, got \[3'),
        ([box(relation_obj_category_id='hold')], r'\[0\]: relation_obj_.*got .hold'),
        ([box(), box()], r'\[1\]: track 3 has a box in image 10 already'),
    ],
)
def test_broken_predictions_are_named(
    gt: SemTrackFile, tmp_path: Path, content: object, message: str
) -> None:
    path = tmp_path / 'p.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf'p\.json:? ?.*{message}'):
        read_semtrack_predictions(path, gt)


def test_a_frame_without_an_image_is_not_written(
    gt: SemTrackFile, tmp_path: Path
) -> None:
    tables = truth(gt)
    tables[1] = replace(tables[1], frame_ids=np.array([9]))
    with pytest.raises(ValueError, match="'YFCC/b' has no image of frame 9"):
        write_semtrack_predictions(tmp_path / 'p.json', tables, gt)


def test_the_target_alone_has_an_f1(gt: SemTrackFile) -> None:
    """The dog that is led has a class too; and a box on the dog tells of the dog."""
    tables = truth(gt)
    dogs = [table[~table.is_main] for table in tables]
    assert prediction_scores(gt, dogs)['f1_micro'] == 0.0
    only_target = [table[table.is_main] for table in tables]
    assert prediction_scores(gt, only_target)['f1_micro'] == 1.0
    moved = [replace(table, boxes=table.boxes + 300) for table in only_target]
    assert prediction_scores(gt, moved)['f1_micro'] == 0.0


def test_the_federated_rule_holds(tmp_path: Path) -> None:
    """A dog where dogs are not annotated is no false alarm, one said to be absent is."""
    scores = []
    for negative in ([], [2]):
        videos = [CONTENT['videos'][0], TWO_VIDEOS['videos'][1]]
        videos[1] = videos[1] | dict(neg_category_ids=negative)
        gt = read_semtrack_json(written(tmp_path, TWO_VIDEOS | dict(videos=videos)))
        tables = truth(gt)
        dog = replace(tables[1], ids=np.array([8]), labels=np.array([2]))
        dog = replace(dog, scores=np.array([2.0]))
        columns = (
            np.concatenate(c)
            for c in zip(*(vars(t).values() for t in (tables[1], dog)), strict=True)
        )
        scores.append(
            prediction_scores(gt, [tables[0], RelationTracks(*columns)])['st_map']
        )
    assert scores[0] == pytest.approx(1.0) and scores[1] == pytest.approx(0.75)


def test_the_tool(gt: SemTrackFile, tmp_path: Path, run_tool, capsys) -> None:
    path = tmp_path / 'p.json'
    write_semtrack_predictions(path, truth(gt), gt)
    for mode in ('fixed', 'released'):
        run_tool(score_predictions, tmp_path / 'gt.json', path, '--mode', mode)
        lines = capsys.readouterr().out.splitlines()
        titles, cells = (lines[k].strip('| ').split(' | ') for k in (-3, -1))
        row = dict(zip(titles, cells, strict=True))
        perfect = ('ST-mAP', 'ST-mAR', 'TrackMAP', 'MTIR', 'F1 micro', 'F1 macro')
        assert [row[name] for name in perfect] == ['100.0'] * 6 and row['MTI'] == '3'
        silent = {row['ST-mAP, silent'], row['MTIR, silent']}
        assert (silent == {'100.0'}) == (mode == 'released')
