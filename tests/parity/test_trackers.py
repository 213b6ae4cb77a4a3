"""Every tracker against the outputs of their authors' code, frame by frame."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mmsmot.evaluation import evaluate_sequence, summarize_tracking
from mmsmot.models.trackers import OCSORT, SORT, ByteTrack, DeepSORT
from mmsmot.structures import (
    Detections,
    Trajectories,
    read_detections,
    read_trajectories,
)

from .same_tracks import assert_same_tracks, run

STREAMS = ('N10', 'N50', 'TUD-Campus', 'TUD-Stadtmitte')
# The authors' code knows of no classes.
CASES = {
    **{f'N{n}_sort': partial(SORT, score_threshold=0.6) for n in (10, 50)},
    **{
        f'N{n}_sort_age30': partial(SORT, max_age=30, score_threshold=0.6)
        for n in (10, 50)
    },
    **{f'TUD-{s}_sort': SORT for s in ('Campus', 'Stadtmitte')},
    **{f'{s}_bytetrack': ByteTrack for s in STREAMS},
    'N50_bytetrack_mot20': partial(ByteTrack, fuse_score=False),
    **{
        f'TUD-{s}_bytetrack_t85': partial(ByteTrack, track_threshold=0.85)
        for s in ('Campus', 'Stadtmitte')
    },
    **{f'{s}_ocsort': OCSORT for s in STREAMS},
    'N10_ocsort_byte': partial(OCSORT, use_byte=True),
    **{f'emb_N{n}_deepsort': DeepSORT for n in (10, 50)},
}


def stream_of(name: str) -> str:
    parts = name.split('_')
    return '_'.join(parts[:2]) if parts[0] == 'emb' else parts[0]


@pytest.mark.parametrize('name', CASES)
def test_equals_the_original(name: str, goldens: Path) -> None:
    stream = np.load(goldens / f'stream_{stream_of(name)}.npz')
    golden = np.load(goldens / f'out_{name}.npz')['rows']
    tracks = run(CASES[name](class_agnostic=True), dict(stream))
    assert_same_tracks(tracks, golden, atol=1e-3)


@pytest.mark.parametrize('name', CASES)
def test_one_class_is_tracked_alike_whether_classes_are_looked_at(
    name: str, goldens: Path
) -> None:
    stream = dict(np.load(goldens / f'stream_{stream_of(name)}.npz'))
    published = run(CASES[name](class_agnostic=True), stream)
    np.testing.assert_array_equal(run(CASES[name](), stream), published)


def test_every_stored_output_is_checked(goldens: Path) -> None:
    stored = {path.stem.removeprefix('out_') for path in goldens.glob('out_*.npz')}
    assert stored == set(CASES)


def test_published_row_of_sort(test_data: Path) -> None:
    """SORT's README: TUD-Campus MOTA 62.7, FP 15, FN 113, IDs 6."""
    folder = test_data / 'data' / 'tud'
    detections = read_detections(folder / 'TUD-Campus' / 'det.txt')
    frame_ids = np.arange(1, 72)
    tracker = SORT(class_agnostic=True)
    tracks = [tracker.update(detections.get(f, Detections.empty())) for f in frame_ids]
    scores = summarize_tracking(
        evaluate_sequence(
            read_trajectories(folder / 'TUD-Campus' / 'gt.txt'),
            Trajectories.from_tracks(frame_ids, tracks),
            frame_ids,
        )
    )
    assert (scores['FP'], scores['FN'], scores['IDs']) == (15, 113, 6)
    assert scores['MOTA'] == pytest.approx(62.674, abs=1e-3)
