"""A cut, an empty scene, everybody leaves: ids and ends of tracks behind a perfect decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from mmsmot.models.estimators import BaseEstimator
from projects.query_trackers.queries import Outputs, Queries
from projects.query_trackers.query_tracker import _join_decoded
from projects.query_trackers.tests.conftest import PAPERS, SIZE, clip, video

TOLERANCE = 3  # frames, of all four; as published they are 32, 1, 5 and 20
HERE, THERE = (4, 8, 20, 40), (70, 20, 86, 60)


class PerfectDecoder:
    """A query on a track's reference follows it, the next new one finds what is new.

    Args:
        script: For each frame x1, y1, x2, y2 by object.
        has_track_decoder: New queries find what tracks follow too (TransTrack).
    """

    def __init__(
        self, script: Sequence[dict[int, tuple]], has_track_decoder: bool
    ) -> None:
        self.script = [{}, *script]
        self.has_track_decoder = has_track_decoder
        self.frame = 0

    def __call__(
        self, memory, queries: Queries, tracks: Queries | None = None, *_
    ) -> tuple[Queries, Outputs]:
        self.frame += 1
        objects = dict(self.script[self.frame])
        count = len(queries)
        if tracks is not None and len(tracks):
            has_same_refs = queries.refs.shape[-1] == tracks.refs.shape[-1]
            queries = (
                queries.joined(tracks)
                if has_same_refs
                else _join_decoded(queries, tracks)
            )
        boxes = torch.full((1, 1, len(queries), 4), 0.01)
        # Apart, so that no suppression takes queries that found nothing for duplicates.
        boxes[..., 0] = torch.linspace(0.1, 0.9, len(queries))
        logits = torch.full((1, 1, len(queries), 1), -9.0)
        for row in range(len(queries) - 1, -1, -1):  # tracks come first
            number = next(iter(objects), None)
            if row >= count:
                number = self._followed(tracks, row - count)
            if number in objects:
                boxes[0, 0, row] = fractions_of(objects[number])
                logits[0, 0, row] = 3.0
                if row < count or not self.has_track_decoder:
                    del objects[number]
        hs = torch.zeros(1, 1, len(queries), queries.content.shape[-1])
        return queries, Outputs(hs, boxes, logits)

    def _followed(self, tracks: Queries, row: int) -> int | None:
        """The object that stood at a track's reference in the last frame."""
        centre = tracks.refs[0, row, :2]
        for number, box in self.script[self.frame - 1].items():
            if torch.allclose(fractions_of(box)[:2], centre, atol=1e-4):
                return number
        return None


def fractions_of(box: tuple) -> torch.Tensor:
    low, high = torch.tensor(box).float().split(2)
    size = torch.tensor(SIZE)
    return torch.cat([(low + high) / 2 / size, (high - low) / size])


def with_tolerance(estimator: BaseEstimator) -> BaseEstimator:
    """The estimator, whose tracks end after three frames in which they are not seen."""
    lifecycle = estimator.lifecycle
    name = 'max_age' if hasattr(lifecycle, 'max_age') else 'miss_tolerance'
    assert hasattr(lifecycle, name)
    setattr(lifecycle, name, TOLERANCE)
    return estimator


def follow(
    estimator: BaseEstimator, script: Sequence[dict[int, tuple]], monkeypatch
) -> tuple[list[list[int]], dict[int, int]]:
    """Ids of each frame, and the frame (from 0) in which an id ended."""
    decoder = PerfectDecoder(script, estimator.track_decoder is not None)
    monkeypatch.setattr(estimator, 'decode', decoder)
    frames, _ = clip(script)
    state = estimator.begin(video(), (), needs=frozenset())
    ids, ends = [], {}
    for number, frame in enumerate(frames):
        (estimate,) = estimator.step(state, [frame])
        (tracks,) = estimate.tracks
        ids.append(sorted(tracks.ids.tolist()))
        ends |= dict.fromkeys(estimate.ended_ids, number)
        if len(tracks):
            expected = sorted(script[number].values())
            np.testing.assert_allclose(
                sorted(tracks.boxes.tolist()), expected, atol=0.01
            )
    return ids, ends


@pytest.mark.parametrize('paper', PAPERS)
def test_a_cut_begins_other_tracks(
    paper: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another person, far from where the first one was, in every frame from 2 on."""
    estimator = with_tolerance(build(paper).estimator)
    script = [{1: HERE}] * 2 + [{2: THERE}] * 7
    ids, ends = follow(estimator, script, monkeypatch)
    assert ids == [[1]] * 2 + [[2]] * 7
    assert ends == {1: 1 + TOLERANCE}


@pytest.mark.parametrize('paper', PAPERS)
def test_everybody_leaves(
    paper: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two leave; each id ends, none is reported, and who comes later has a new one."""
    estimator = with_tolerance(build(paper).estimator)
    script = [{1: HERE, 2: THERE}] * 2 + [{}] * TOLERANCE + [{3: HERE}]
    ids, ends = follow(estimator, script, monkeypatch)
    assert ids == [[1, 2]] * 2 + [[]] * TOLERANCE + [[3]]
    assert ends == dict.fromkeys((1, 2), 1 + TOLERANCE)


@pytest.mark.parametrize('paper', PAPERS)
def test_nobody_and_a_single_frame(
    paper: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator = build(paper).estimator
    assert follow(estimator, [{}] * 3, monkeypatch) == ([[]] * 3, {})
    assert follow(estimator, [{1: HERE}], monkeypatch) == ([[1]], {})
