"""Tests of the log of repairs."""

from __future__ import annotations

import json
import logging

import pytest

from mmsmot.datasets.bensmot.repairs import MAX_EXAMPLES, NOTES, REPAIRS, RepairLog


def test_no_kind_is_both() -> None:
    assert not NOTES.keys() & REPAIRS.keys()


def test_counts_and_examples() -> None:
    log, other_log = RepairLog(), RepairLog()
    log.add('edge_repeated', 'a:1')
    other_log.add('edge_repeated', 'b:1', 4)
    for line in range(2, 7):
        other_log.add('edge_repeated', f'b:{line}')
    other_log.add('blank_lines', 'c:1')
    log.merge(other_log, 'here/')
    assert log.counts == {'edge_repeated': 10, 'blank_lines': 1}
    assert log.examples == {
        'edge_repeated': ['a:1', 'here/b:1', 'here/b:2'],
        'blank_lines': ['here/c:1'],
    }
    assert len(log.examples['edge_repeated']) == MAX_EXAMPLES


def test_json_and_back() -> None:
    log = RepairLog()
    log.add('edge_repeated', 'a:1', 3)
    log.add('edge_repeated', 'a:2')
    back = RepairLog.from_list(json.loads(json.dumps(log.to_list())))
    assert (back.counts, back.examples) == (log.counts, log.examples)


def test_strict_minds_repairs_and_no_notes() -> None:
    log, mild = RepairLog(strict=True), RepairLog()
    log.add('blank_lines', 'a:1')
    with pytest.raises(ValueError, match=r'a:2 \(strict=True; .*once kept\)'):
        log.add('edge_repeated', 'a:2')
    mild.add('edge_repeated', 'a:3')
    with pytest.raises(ValueError, match='here/a:3'):
        log.merge(mild, 'here/')


def test_table_and_report(logged) -> None:
    log = RepairLog()
    assert log.table() == 'repairs: none\nnotes: none'
    log.add('edge_repeated', 'a:1', 12)
    log.add('blank_lines', 'b:7')
    lines = log.table().splitlines()
    assert lines[0] == 'repairs:' and lines[1].split()[:2] == ['12', 'edge_repeated']
    assert lines[2].strip() == 'a:1' and lines[3] == 'notes:'
    log.report('data/train')
    levels = {r.getMessage().split()[1]: r.levelno for r in logged}
    assert levels == {'12': logging.WARNING, '1': logging.INFO}
