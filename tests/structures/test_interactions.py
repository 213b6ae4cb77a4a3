"""Tests of the table of interactions."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import Interactions


@pytest.fixture
def table() -> Interactions:
    return Interactions(
        subject_ids=[1, 1, 2, 3, 1],
        object_ids=[2, 2, 1, 1, 2],
        verbs=['look.v.01', 'follow.v.01', 'flee.v.01', 'look.v.01', 'look.v.01'],
        start_frames=[1, 5, 5, 0, 8],
        end_frames=[4, 9, 0, 0, 9],
    )


def rows(table: Interactions) -> list[tuple]:
    columns = (table.subject_ids, table.verbs, table.object_ids)
    return [tuple(np.asarray(c)[i].item() for c in columns) for i in range(len(table))]


def test_columns_have_their_types_and_defaults() -> None:
    table = Interactions([3], [4], ['hit.v.02'])
    assert table.subject_ids.dtype == table.object_ids.dtype == np.int64
    assert table.verbs.dtype.kind == 'U'
    assert (table.start_frames[0], table.end_frames[0], table.scores[0]) == (0, 0, 1)
    assert table.scores.dtype == np.float64


def test_empty() -> None:
    empty = Interactions.empty()
    assert len(empty) == 0 and empty.as_pairs() == {}
    assert len(empty.for_ids([1])) == len(empty.between(1, 9)) == 0
    assert empty.verbs.dtype.kind == 'U'


def test_as_pairs_is_directed_and_joins_verbs(table) -> None:
    assert table.as_pairs() == {
        (1, 2): {'look.v.01', 'follow.v.01'},
        (2, 1): {'flee.v.01'},
        (3, 1): {'look.v.01'},
    }


def test_for_ids_wants_both_sides(table) -> None:
    assert rows(table.for_ids([1, 2])) == rows(table[[0, 1, 2, 4]])
    assert rows(table.for_ids({1, 3})) == [(3, 'look.v.01', 1)]
    assert len(table.for_ids([])) == 0


@pytest.mark.parametrize(
    ('first', 'last_frame', 'rows_between'),
    [
        (1, 4, [0, 3]),
        (4, 5, [0, 1, 2, 3]),
        (9, 20, [1, 2, 3, 4]),
        (10, 20, [2, 3]),
    ],
)
def test_between_takes_what_goes_on(table, first, last_frame, rows_between) -> None:
    assert rows(table.between(first, last_frame)) == rows(table[rows_between])


def test_a_whole_span_has_both_sides() -> None:
    table = Interactions([1] * 4, [2] * 4, [*'abcd'], [0, 3, 0, 3], [0, 0, 5, 5])
    assert table.has_span.tolist() == [False, False, False, True]


def test_indexing(table) -> None:
    assert rows(table[1:3]) == rows(table)[1:3]
    assert rows(table[table.subject_ids == 3]) == [(3, 'look.v.01', 1)]
    assert table[1:2].end_frames.tolist() == [9]


def test_concatenated(table) -> None:
    longer = Interactions([7], [8], ['a_much_longer_verb.v.01'], scores=[0.25])
    concatenated = table.concatenated(longer)
    assert rows(concatenated) == [*rows(table), (7, 'a_much_longer_verb.v.01', 8)]
    assert concatenated.scores.tolist() == [1] * 5 + [0.25]
    assert rows(Interactions.empty().concatenated(table)) == rows(table)
    with pytest.raises(ValueError, match='stands twice'):
        table.concatenated(table[:1])


@pytest.mark.parametrize(
    ('columns', 'message'),
    [
        (dict(object_ids=[1]), "id 1 is subject and object of 'look.v.01'"),
        (dict(object_ids=[2, 3]), '1 subject_ids but 2 object_ids'),
        (dict(verbs=['']), 'the verb of row 0 is empty'),
        (dict(verbs=[3]), 'verbs must be text'),
        (dict(verbs=[]), '1 subject_ids but 0 verbs'),
        (dict(start_frames=[5], end_frames=[4]), 'ends in frame 4, before .* frame 5'),
        (dict(start_frames=[-1]), 'start_frames must be 0 or more, got -1'),
        (dict(subject_ids=[-1], object_ids=[-1]), "'look.v.01' has no tracked side"),
        (dict(partner_labels=['cup']), "two tracked ids has the partner label 'cup'"),
        (dict(object_ids=[-1], partner_labels=[3]), 'partner_labels must be text'),
        (dict(partner_labels=['', '']), '1 subject_ids but 2 partner_labels'),
        (dict(subject_ids=[-2]), 'subject_ids must be -1 or more .*not tracked'),
        (dict(scores=[np.nan]), 'scores holds a value that is not finite'),
    ],
)
def test_bad_tables(columns, message) -> None:
    good = dict(subject_ids=[1], object_ids=[2], verbs=['look.v.01'])
    with pytest.raises(ValueError, match=message):
        Interactions(**{**good, **columns})


def test_the_same_row_twice() -> None:
    with pytest.raises(ValueError, match="'look.v.01', 0, 0\\) stands twice"):
        Interactions([1, 2, 1], [2, 1, 2], ['look.v.01'] * 3)
    assert len(Interactions([1, 1], [2, 2], ['look.v.01'] * 2, [1, 6], [3, 9])) == 2


def test_columns_that_have_no_default() -> None:
    with pytest.raises(ValueError, match='subject_ids must be numbers .*None'):
        Interactions(None, [2], ['follow'])


def test_partners_that_are_not_tracked() -> None:
    table = Interactions(
        [1, 1, -1, 1],
        [-1, -1, 2, 2],
        ['hold.v.02', 'hold.v.02', 'bite.v.01', 'look.v.01'],
        partner_labels=['cup', 'ball', 'dog', ''],
    )
    assert table.is_tracked.tolist() == [False, False, False, True]
    assert table.as_pairs() == {(1, 2): {'look.v.01'}}
    assert rows(table.of_tracked()) == [(1, 'look.v.01', 2)]
    assert rows(table.for_ids([1])) == [(1, 'hold.v.02', -1), (1, 'hold.v.02', -1)]
    assert table.for_ids([2]).partner_labels.tolist() == ['dog']
    both = table[:1].concatenated(table[1:])
    assert both.partner_labels.tolist() == ['cup', 'ball', 'dog', '']
    with pytest.raises(ValueError, match='stands twice'):
        table[:1].concatenated(table[:1])
