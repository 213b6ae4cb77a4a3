"""Tests of whom the words of a sequence are about."""

from __future__ import annotations

import pytest

from mmsmot.datasets.bensmot.repairs import RepairLog
from mmsmot.datasets.bensmot.semantics import SequenceSemantics, read_semantics


def read(folder, track_ids=(1, 2)) -> tuple[SequenceSemantics, dict]:
    log = RepairLog()
    return read_semantics(folder, list(track_ids), log), dict(log.counts)


def pairs(semantics: SequenceSemantics) -> list[tuple]:
    return [(r.subject_id, r.object_id, r.verbs) for r in semantics.relations]


def test_captions_go_by_ascending_id(tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', edges=(('woman0', 'man0', 'x'),))
    semantics, counts = read(folder, (3, 17))
    assert semantics.captions == {3: 'A man waves.', 17: 'A woman runs.'}
    assert pairs(semantics) == [(17, 3, 'x')]
    assert semantics.relations[0].place == 'interactions.graphml:4'
    assert semantics.video_caption is not None and not counts


@pytest.mark.parametrize(
    ('nodes', 'expected', 'by_position'),
    [
        (('man0', 'woman0'), (1, 2), 0),
        (('woman0', 'man0'), (2, 1), 0),
        ((' Man0', 'WOMAN0'), (1, 2), 0),
        (('boy', 'girl'), (1, 2), 2),
        (('girl', 'man0'), (2, 1), 1),
        (('woman0', 'other'), (2, 1), 1),
    ],
)
def test_nodes(nodes, expected, by_position, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', nodes=nodes, edges=((*nodes, 'x'),))
    semantics, counts = read(folder)
    assert pairs(semantics) == [(*expected, 'x')]
    assert counts == ({'node_by_position': by_position} if by_position else {})


def test_more_nodes_than_trajectories(tmp_path, write_bensmot) -> None:
    edges = (('man0', 'c', 'x'), ('c', 'woman0', 'y'), ('woman0', 'man0', 'z'))
    nodes = ('man0', 'woman0', 'c')
    folder = write_bensmot(tmp_path / 's', nodes=nodes, edges=edges)
    semantics, counts = read(folder)
    assert pairs(semantics) == [(2, 1, 'z')]
    assert counts == {'edge_unknown_node': 2}


def test_edges_between_nodes_that_are_not_declared(tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', nodes=())
    assert pairs(read(folder)[0]) == [(1, 2, 'look.v.01,follow.v.01')]


def test_a_video_caption_of_several_lines(tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 's', caption=' One.\n\nTwo. \n')
    semantics, counts = read(folder)
    assert semantics.video_caption == 'One. Two.'
    assert counts == {'blank_lines': 1}


def test_nothing(tmp_path) -> None:
    semantics, counts = read(tmp_path)
    assert semantics == SequenceSemantics()
    assert counts == {
        'video_caption_missing': 1,
        'captions_missing': 1,
        'graph_missing': 1,
    }


def test_no_edges_is_an_annotation_too(tmp_path, write_bensmot) -> None:
    semantics, counts = read(write_bensmot(tmp_path / 's', edges=()))
    assert semantics.relations == [] and not counts
    assert None not in (semantics.video_caption, semantics.captions)
