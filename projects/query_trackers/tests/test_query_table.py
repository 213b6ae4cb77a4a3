"""The queries of one frame as columns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmsmot.models.trackers import ByteTrack
from projects.query_trackers.external_tracker import ExternalTracker
from projects.query_trackers.giou_matching import GIoUMatching
from projects.query_trackers.lifecycles import ScoreStates
from projects.query_trackers.queries import PADDING, Outputs, Queries
from projects.query_trackers.query_table import QueryTable, query_tables
from projects.query_trackers.tests.conftest import clip, walking


def table_with_nan(ids: list[int]) -> QueryTable:
    """Two queries in an image of 96 x 64, the second without a number."""
    boxes = torch.tensor([[[[0.5, 0.5, 0.25, 0.5], [torch.nan] * 4]]])
    logits = torch.tensor([[[[0.0, -1.0], [3.0, 3.0]]]])
    queries = Queries.new(torch.zeros(1, 2, 4), torch.zeros(1, 2, 2))
    queries = queries.with_ids(torch.tensor([ids]))
    outputs = Outputs(torch.zeros(1, 1, 2, 4), boxes, logits)
    (table,) = query_tables(queries, outputs, torch.tensor([96.0, 64.0]))
    return table


def test_boxes_are_in_pixels_and_scores_of_the_best_class() -> None:
    table = table_with_nan([-1, -1])
    np.testing.assert_allclose(table.boxes, [[36, 16, 60, 48], [0, 0, 1, 1]])
    assert table.scores.tolist() == [0.5, -1.0]
    assert table.labels[0] == 0 and table.is_valid.tolist() == [True, False]


def test_each_prompt_has_its_rows_without_padding() -> None:
    ids = torch.tensor([[4, 7, PADDING], [PADDING, PADDING, 2]])
    queries = Queries.new(torch.zeros(2, 3, 4), torch.zeros(2, 3, 2)).with_ids(ids)
    logits = torch.arange(6.0).view(1, 2, 3, 1)
    outputs = Outputs(torch.zeros(1, 2, 3, 4), torch.full((1, 2, 3, 4), 0.5), logits)
    tables = query_tables(queries, outputs, torch.tensor([96.0, 64.0]))
    assert [table.ids.tolist() for table in tables] == [[4, 7], [2]]
    expected = logits[0, :, :, 0].sigmoid()[ids >= 0]
    scores = np.concatenate([table.scores for table in tables])
    np.testing.assert_allclose(scores, expected, atol=1e-6)


@pytest.mark.parametrize(
    'lifecycle',
    [
        ScoreStates(birth_threshold=0.0, keep_threshold=0.0),
        GIoUMatching(score_threshold=0.0),
        ExternalTracker(
            tracker=ByteTrack(
                low_threshold=0.0, track_threshold=0.0, birth_threshold=0.0
            ),
            score_threshold=0.0,
        ),
    ],
    ids=lambda lifecycle: type(lifecycle).__name__,
)
def test_no_track_begins_without_a_number_at_threshold_0(lifecycle: object) -> None:
    (frame,), _ = clip(walking(1))
    outcome = lifecycle.update(lifecycle.begin(), table_with_nan([-1, -1]), frame)
    assert outcome.ids.tolist() == [1, -1]
    assert outcome.is_reported.tolist() == [True, False]


def test_a_track_without_a_number_is_missed_at_threshold_0() -> None:
    lifecycle = ScoreStates(birth_threshold=0.0, keep_threshold=0.0, miss_tolerance=2)
    outcome = lifecycle.update(lifecycle.begin(), table_with_nan([3, 4]), None)
    assert outcome.ids.tolist() == [3, 4] and outcome.ages.tolist() == [0, 1]
    assert outcome.is_reported.tolist() == [True, False]
