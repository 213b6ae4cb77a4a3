"""The new queries of a frame."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmsmot.structures import Detections
from projects.query_trackers.queries import NEW, PADDING, sine_embedding
from projects.query_trackers.query_init import (
    LearnedQueries2D,
    LearnedQueries4D,
    ProposalQueries,
)

BOXES = np.array([[0, 0, 8, 8], [16, 0, 32, 16], [32, 16, 64, 48.0]])
FRACTIONS = torch.tensor(  # of 64 x 64
    [
        [0.0625, 0.0625, 0.125, 0.125],
        [0.375, 0.125, 0.25, 0.25],
        [0.75, 0.5, 0.5, 0.5],
    ]
)


@pytest.mark.parametrize('with_pos', [True, False])
def test_learned_points_are_made_of_the_position_embedding(with_pos: bool) -> None:
    """The first half of ``query_embedding`` is the position, the other the content."""
    model = SimpleNamespace(
        query_embedding=nn.Embedding(3, 8), reference_points_fc=nn.Linear(4, 2)
    )
    pos, content = model.query_embedding.weight[:, :4], model.query_embedding.weight
    queries = LearnedQueries2D(with_pos=with_pos)(model, 2)
    assert queries.refs.shape == (2, 3, 2) and (queries.ids == NEW).all()
    refs = model.reference_points_fc(pos).sigmoid()
    for frame in range(2):
        torch.testing.assert_close(queries.content[frame], content[:, 4:])
        torch.testing.assert_close(queries.refs[frame], refs)
        if with_pos:
            torch.testing.assert_close(queries.pos[frame], pos)
    assert (queries.pos is None) != with_pos


def test_learned_boxes_are_in_the_image_and_have_lost_nothing() -> None:
    init = LearnedQueries4D(channels=4, num_queries=2)
    with torch.no_grad():
        init.boxes.weight[0, 0], init.boxes.weight[1, 3] = -0.25, 1.5
    queries = init(None, 1)
    assert queries.refs[0, 0, 0] == 0 and queries.refs[0, 1, 3] == 1
    torch.testing.assert_close(queries.content[0], init.content.weight)
    assert queries.iou.tolist() == [[1.0, 1.0]] and queries.pos is None


def test_a_proposal_is_its_box_its_score_and_a_learned_vector() -> None:
    """The two best of three in one frame, the only one of the other."""
    init = ProposalQueries(channels=8, num_queries=2, max_proposals=2)
    proposals = [
        Detections(BOXES, np.array([0.2, 0.9, 0.5])),
        Detections(BOXES[:1], np.array([0.3])),
    ]
    queries = init(None, 2, proposals, torch.full((2, 2), 64.0))
    assert queries.ids.tolist() == [[NEW] * 4, [NEW, NEW, NEW, PADDING]]
    for frame, place, row, score in ((0, 2, 1, 0.9), (0, 3, 2, 0.5), (1, 2, 0, 0.3)):
        torch.testing.assert_close(queries.refs[frame, place], FRACTIONS[row])
        content = sine_embedding(torch.tensor([score]), 8) + init.proposal.weight[0]
        torch.testing.assert_close(queries.content[frame, place], content)
    torch.testing.assert_close(queries.content[1, :2], init.content.weight)
    assert queries.iou.tolist() == [[1.0] * 4] * 2


def test_without_a_proposal_the_learned_boxes_are_left() -> None:
    init = ProposalQueries(channels=8, num_queries=2)
    queries = init(None, 1, [Detections.empty()], torch.full((1, 2), 64.0))
    assert len(queries) == 2
