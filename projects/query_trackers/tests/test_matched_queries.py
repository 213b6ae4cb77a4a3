"""The queries of a clip that have an object."""

from __future__ import annotations

import pytest
import torch

from projects.query_trackers.matched_queries import MatchedQueries
from projects.query_trackers.tests.conftest import clip, walking


def test_recall_is_of_boxes_that_are_overlapped_by_half() -> None:
    """Two clips of 2 x 2 and 2 x 1 true boxes; a box without a query is none of the hits."""
    samples = [clip(walking(2, 2))[1], clip(walking(2, 1))[1]]
    matched_queries = MatchedQueries(
        iou=[torch.tensor([0.9, 0.5, 0.49]), torch.tensor([0.06, 0.7])]
    )
    assert matched_queries.recall(samples) == pytest.approx(3 / 6)
