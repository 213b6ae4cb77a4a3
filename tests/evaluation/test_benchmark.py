"""The benchmark's own parts: its data, and that it would notice a wrong number."""

from __future__ import annotations

import copy
import runpy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('trackeval')
TOOL = Path(__file__).parents[2] / 'tools' / 'benchmarks' / 'evaluation.py'


@pytest.fixture(scope='module')
def tool() -> dict:
    return runpy.run_path(str(TOOL))


def test_sequences_are_seeded(tool):
    first, again, other = (
        tool['make_sequence'](np.random.default_rng(seed), 40, 8) for seed in (1, 1, 2)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.shape != c.shape or (a != c).any()
    truth, result = first
    assert len(truth) == 40 * 8
    assert len(np.unique(result[:, :2], axis=0)) == len(result) > 250


def test_a_wrong_number_stops_it(tool, tmp_path):
    sequences = tool['write_benchmark'](tmp_path, 2, 30, 8, 0)
    ours = tool['score_in_memory'](tool['read_sequences'](tmp_path, sequences))
    reference = tool['score_with_trackeval'](tmp_path)
    tool['require_equal'](ours, reference)
    wrong = copy.deepcopy(reference)
    wrong['SEQ-02']['HOTA']['AssA'][7] += 1e-9
    with pytest.raises(SystemExit, match='SEQ-02: HOTA AssA differs by 1e-09'):
        tool['require_equal'](ours, wrong)
    del wrong['SEQ-01']
    with pytest.raises(SystemExit, match='other sequences'):
        tool['require_equal'](ours, wrong)
