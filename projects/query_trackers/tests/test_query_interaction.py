"""Which queries go on in MOTR and MOTRv2, and what they learn of each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import layer_norm

from projects.query_trackers.queries import (
    FALSE_POSITIVE,
    NEW,
    PADDING,
    Outputs,
    Queries,
)
from projects.query_trackers.query_interaction import QIM, QIMv2

SIZE = dict(channels=8, num_heads=2, ffn_channels=16)


def frame(
    rows: list[tuple[int, float, float]], centres: list[float], numbers: int
) -> tuple[Queries, Outputs]:
    """One frame of queries.

    Args:
        rows: For each its id, IoU with its object, and score.
        centres: Of the boxes that they find, of .2 x .2.
        numbers: Of a reference: 2 or 4.
    """
    generator = torch.Generator().manual_seed(0)
    count = len(rows)
    content, pos, hs = torch.randn(3, 1, count, 8, generator=generator)
    refs = torch.rand(1, count, numbers, generator=generator)
    queries = Queries.new(content, refs, pos if numbers == 2 else None)
    ids, iou, scores = (torch.tensor([column]) for column in zip(*rows, strict=True))
    boxes = torch.tensor([[c, 0.5, 0.2, 0.2] for c in centres])[None, None]
    outputs = Outputs(hs[None], boxes, scores.logit()[None, ..., None])
    return replace(queries, ids=ids, iou=iou), outputs


# Row 3 is upon the track of row 0, row 4 upon that of row 2.
MOTR_ROWS = [(7, 0.9, 0.5), (8, 0.5, 0.5), (9, 0.51, 0.5), *[(NEW, 0.0, 0.5)] * 2]
MOTR_CENTRES = [0.1, 0.3, 0.6, 0.12, 0.63]


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (dict(drop_ratio=0.0, false_positive_ratio=0.0), {7: 0, 9: 2}),
        (dict(drop_ratio=1.0, false_positive_ratio=1.0), {}),
        (dict(drop_ratio=0.0, false_positive_ratio=1.0), {7: 0, 9: 2, NEW: (3, 4)}),
    ],
)
def test_motr_drops_tracks_and_adds_false_ones(options: dict, expected: dict) -> None:
    """A query of its object's half or less (8) does not go on."""
    queries, outputs = frame(MOTR_ROWS, MOTR_CENTRES, 2)
    tracks = QIM(**SIZE, **options)(queries, outputs, np.random.default_rng(0))
    refs = outputs.boxes[0, 0, :, :2]
    for track_id, rows in expected.items():
        torch.testing.assert_close(
            tracks.refs[tracks.ids == track_id], refs[[rows]].reshape(-1, 2)
        )
    assert set(tracks.ids[0].tolist()) == set(expected)


def test_the_false_tracks_of_motr_are_new_queries_or_are_not() -> None:
    queries, outputs = frame(MOTR_ROWS, MOTR_CENTRES, 2)
    options = dict(drop_ratio=0.0, false_positive_ratio=1.0)
    updater = QIM(**SIZE, **options, match_false_positives=False)
    tracks = updater(queries, outputs, np.random.default_rng(0))
    assert tracks.ids.tolist() == [[7, 9, FALSE_POSITIVE, FALSE_POSITIVE]]


def test_motr_drops_and_adds_by_its_ratios() -> None:
    """Of 400 tracks a quarter is dropped; half of the others bring a false one."""
    rows = [(k, 0.9, 0.5) for k in range(400)] + [(NEW, 0.0, 0.5)] * 400
    queries, outputs = frame(rows, [float(k) for k in range(400)] * 2, 2)
    updater = QIM(**SIZE, drop_ratio=0.25, false_positive_ratio=0.5)
    tracks = updater(queries, outputs, np.random.default_rng(0))
    num_tracks = int((tracks.ids >= 0).sum())
    assert 270 < num_tracks < 330
    assert 0.4 < int((tracks.ids == NEW).sum()) / num_tracks < 0.6


def test_content_and_position_of_a_track_of_motr() -> None:
    """At test all with an id go on; two networks add nothing to what they were."""
    queries, outputs = frame(MOTR_ROWS, MOTR_CENTRES, 2)
    updater = QIM(**SIZE)
    for part in (updater.content_ffn, updater.pos_ffn):
        for weight in part.layers.parameters():
            torch.nn.init.zeros_(weight)
    tracks = updater(queries, outputs)
    assert tracks.ids.tolist() == [[7, 8, 9]] and tracks.is_track.all()
    torch.testing.assert_close(tracks.content, layer_norm(queries.content[:, :3], (8,)))
    torch.testing.assert_close(tracks.pos, layer_norm(queries.pos[:, :3], (8,)))
    # With others both are moved by what the tracks have learned of each other.
    other_tracks = QIM(**SIZE)(queries, outputs)
    assert (other_tracks.content - tracks.content).abs().max() > 0.1
    assert (other_tracks.pos - tracks.pos).abs().max() > 0.1


# Id, IoU and score; in training the id of the track, or None, and whether it moves.
MOTRV2_ROWS = [
    (7, 0.9, 0.9, 7, True),
    (8, 0.9, 0.3, 8, False),  # not sure: it stays as it was
    (9, 0.5, 0.9, NEW, True),  # lost its object
    (5, 0.4, 0.2, NEW, False),
    (NEW, 1.0, 0.8, NEW, True),  # sure of something that nobody is given
    (NEW, 1.0, 0.3, None, False),
    (PADDING, 1.0, 0.9, None, False),
]


@pytest.mark.parametrize('training', [True, False])
def test_a_query_of_motrv2_goes_on_by_object_and_score(training: bool) -> None:
    """At test those with an id do, and keep it."""
    columns = [row[:3] for row in MOTRV2_ROWS]
    queries, outputs = frame(columns, [0.1 * k for k in range(1, 8)], 4)
    torch.manual_seed(0)
    generator = np.random.default_rng(0) if training else None
    tracks = QIMv2(**SIZE)(queries, outputs, generator)
    going = [0, 1, 2, 3, 4] if training else [0, 1, 2, 3]
    expected = [MOTRV2_ROWS[row][3 if training else 0] for row in going]
    assert tracks.ids.tolist() == [expected]
    for place, row in enumerate(going):
        moves = MOTRV2_ROWS[row][4]
        refs = outputs.boxes[0, 0] if moves else queries.refs[0]
        torch.testing.assert_close(tracks.refs[0, place], refs[row])
        change = (tracks.content[0, place] - queries.content[0, row]).abs().max()
        assert (change > 0.1) if moves else (change == 0)
    assert tracks.pos is None and tracks.is_track.all()
