"""Which queries go on as tracks, and what they are in the next frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from projects.query_trackers.queries import (
    FALSE_POSITIVE,
    NEW,
    PADDING,
    Outputs,
    Queries,
)
from projects.query_trackers.updaters import (
    CopyUpdater,
    NoUpdater,
    PreviousOutput,
    bernoulli,
    best_inactive,
    random_rows,
)


def frame(ids: list[int], centres: list[float]) -> tuple[Queries, Outputs]:
    """One frame: query q, of points, finds a box of .2 x .2 at ``centres[q]``, .5."""
    count = len(ids)
    shape = (1, count, 4)
    queries = Queries.new(
        torch.zeros(shape), torch.rand(1, count, 2), torch.ones(shape)
    )
    boxes = torch.tensor([[c, 0.5, 0.2, 0.2] for c in centres])[None, None]
    hs = torch.arange(1.0, count + 1)[None, None, :, None].expand(1, 1, count, 4)
    outputs = Outputs(hs, boxes, torch.zeros(1, 1, count, 1))
    return queries.with_ids(torch.tensor([ids])), outputs


def numbers(queries: Queries) -> list[int]:
    """Rows, from 0, whose outputs went on."""
    return [round(float(value)) - 1 for value in queries.content[0, :, 0]]


def test_no_query_goes_on() -> None:
    assert len(NoUpdater()(*frame([7, NEW], [0.2, 0.5]))) == 0


def test_all_new_queries_go_on_with_their_boxes() -> None:
    """TransTrack: tracks of the track decoder, padding and what is no number do not."""
    queries, outputs = frame([7, NEW, 8, NEW, PADDING], [0.1, 0.3, 0.5, 0.7, 0.9])
    queries.is_track[0, 2] = True
    outputs.boxes[0, 0, 3] = torch.nan
    tracks = PreviousOutput()(queries, outputs)
    assert tracks.ids.tolist() == [[7, NEW]] and numbers(tracks) == [0, 1]
    torch.testing.assert_close(tracks.refs, outputs.boxes[0, :, :2])
    assert tracks.is_track.all() and tracks.pos is None


def test_padding_is_made_of_numbers() -> None:
    """Attention gives it a weight of 0, and 0 times no number is no number."""
    queries, outputs = frame([7, NEW], [0.1, 0.3])
    queries = queries.repeated(2).with_ids(torch.tensor([[7, NEW], [NEW, NEW]]))
    hs = outputs.hs.repeat(1, 2, 1, 1)
    hs[0, 0, 1] = torch.nan
    boxes, logits = (c.repeat(1, 2, 1, 1) for c in (outputs.boxes, outputs.logits))
    tracks = PreviousOutput()(queries, Outputs(hs, boxes, logits))
    assert tracks.pad.tolist() == [[False, True], [False, False]]
    assert tracks.content.isfinite().all() and tracks.refs.isfinite().all()


def test_tracks_are_copied_at_test() -> None:
    """TrackFormer: content, the centre of the box, and no position embedding."""
    queries, outputs = frame([7, NEW, 8, PADDING], [0.1, 0.3, 0.5, 0.7])
    tracks = CopyUpdater()(queries, outputs)
    assert tracks.ids.tolist() == [[7, 8]] and numbers(tracks) == [0, 2]
    torch.testing.assert_close(tracks.refs[0], torch.tensor([[0.1, 0.5], [0.5, 0.5]]))
    assert not tracks.pos.any() and tracks.is_track.all()


def test_any_number_of_tracks_goes_on_in_training() -> None:
    """From none to all of them, no new query; false ones up to half as many."""
    queries, outputs = frame([7, 8, NEW, 9, NEW], [0.1, 0.3, 0.5, 0.7, 0.9])
    counts = set()
    for seed in range(80):
        generator = np.random.default_rng(seed)
        tracks = CopyUpdater(false_positive_ratio=0.0)(queries, outputs, generator)
        assert set(tracks.ids[0].tolist()) <= {7, 8, 9}
        counts.add(len(tracks))
    assert counts == {0, 1, 2, 3}
    updater, counts = CopyUpdater(false_positive_ratio=0.5, drop_tracks=False), set()
    for seed in range(80):
        tracks = updater(queries, outputs, np.random.default_rng(seed))
        ids = tracks.ids[0].tolist()
        assert {7, 8, 9} <= {*ids} <= {7, 8, 9, FALSE_POSITIVE}
        counts.add(ids.count(FALSE_POSITIVE))
    assert counts == {0, 1, 2}  # of 3 tracks, .5 * 3 rounded up


def test_a_false_track_overlaps_a_track() -> None:
    """Drawn by overlap: the new query upon the track, none of those far from it."""
    queries, outputs = frame([7, NEW, NEW, NEW], [0.1, 0.5, 0.12, 0.9])
    updater = CopyUpdater(false_positive_ratio=1.0, drop_tracks=False)
    rows = set()
    for seed in range(20):
        tracks = updater(queries, outputs, np.random.default_rng(seed))
        rows |= {*zip(tracks.ids[0].tolist(), numbers(tracks), strict=True)}
    assert rows == {(7, 0), (FALSE_POSITIVE, 2)}


@pytest.mark.parametrize(
    ('selected', 'expected'),
    [([0], [3]), ([1], [2]), ([0, 1], [2, 3]), ([], [])],
)
def test_the_preferred_query_without_an_object(
    selected: list[int], expected: list[int]
) -> None:
    """Rows 2 and 3 have none; row 4 is padding, however preferred."""
    queries, _ = frame([7, 8, NEW, FALSE_POSITIVE, PADDING], [0.5] * 5)
    preference = torch.zeros(1, 5, 5)
    preference[0, :, 0] = torch.tensor([5, 4, 0.1, 0.9, 3])
    preference[0, :, 1] = torch.tensor([5, 4, 0.8, 0.2, 3])
    mask = torch.zeros(1, 5, dtype=torch.bool)
    mask[0, selected] = True
    best = best_inactive(preference, queries, mask)
    assert best[0].nonzero()[:, 0].tolist() == expected


def test_random_rows_are_of_the_mask() -> None:
    mask = torch.tensor([[True, False, True, True], [False, True, False, False]])
    generator = np.random.default_rng(0)
    seen = torch.zeros_like(mask)
    for _ in range(30):
        rows = random_rows(mask, 2, generator)
        assert rows.sum(1).tolist() == [2, 1] and not (rows & ~mask).any()
        seen |= rows
    assert torch.equal(seen, mask)
    draws = bernoulli(torch.ones(1000), 0.3, generator)
    assert 250 < draws.sum() < 350
