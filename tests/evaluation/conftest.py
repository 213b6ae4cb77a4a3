"""What the tests of scoring share: small sequences, a log, trackeval used its own way."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmsmot.structures import Trajectories

Sequences = dict[str, tuple[str, str, int]]


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The messages logged through MMEngine while the test ran."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = MMLogger.get_current_instance(), Keep(logging.INFO)
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


@pytest.fixture(scope='session')
def crowd() -> Callable[..., tuple[Trajectories, Trajectories]]:
    """Makes a truth and a faulty result in which many boxes overlap."""

    def make(
        seed: int, frames: int = 12, objects: int = 6, whole: bool = False
    ) -> tuple[Trajectories, Trajectories]:
        rng = np.random.default_rng(seed)
        frame_ids = np.repeat(np.arange(1, frames + 1), objects)
        ids = np.tile(np.arange(1, objects + 1), frames)
        corners = rng.uniform(0, 30, (objects, 2)) + rng.normal(
            0, 1, (frames, objects, 2)
        ).cumsum(axis=0)
        corners = corners.reshape(-1, 2)
        sizes = np.tile(rng.uniform(20, 40, (objects, 2)), (frames, 1))
        noise = rng.normal(0, 4, corners.shape)
        boxes = np.hstack([corners, corners + sizes])
        guesses = np.hstack([corners + noise, corners + noise + sizes])
        if whole:  # whole pixels: equal similarities, and ties in the matching
            boxes, guesses = boxes.round(), guesses.round()
        swap = rng.integers(0, 2, len(ids)) * objects
        there, seen = rng.random((2, len(ids))) < 0.85
        return (
            Trajectories(frame_ids[there], ids[there], boxes[there]),
            Trajectories(frame_ids[seen], (ids + swap)[seen], guesses[seen]),
        )

    return make


@pytest.fixture
def run_trackeval(tmp_path: Path) -> Callable[[str, Sequences], dict[str, dict]]:
    """trackeval's evaluator on folders of text, for one benchmark.

    Takes, for each sequence, the text of the truth and of the result, and the number of
    frames. Returns its results by sequence and metric.
    """

    def run(benchmark: str, sequences: Sequences) -> dict[str, dict]:
        trackeval = pytest.importorskip('trackeval')
        gt, trackers = tmp_path / 'gt', tmp_path / 'trackers'
        split = f'{benchmark}-train'
        results = trackers / split / 'tracker' / 'data'
        results.mkdir(parents=True)
        (gt / 'seqmaps').mkdir(parents=True)
        names = '\n'.join(['name', *sequences])
        (gt / 'seqmaps' / f'{split}.txt').write_text(names + '\n')
        for name, (truth, result, frames) in sequences.items():
            folder = gt / split / name
            (folder / 'gt').mkdir(parents=True)
            (folder / 'gt' / 'gt.txt').write_text(truth)
            (folder / 'seqinfo.ini').write_text(f'[Sequence]\nseqLength={frames}\n')
            (results / f'{name}.txt').write_text(result)
        quiet = {'PRINT_CONFIG': False}
        silent = ('TIME_PROGRESS', 'PRINT_RESULTS', 'OUTPUT_SUMMARY')
        silent += ('OUTPUT_DETAILED', 'PLOT_CURVES')
        folders = {'GT_FOLDER': str(gt), 'TRACKERS_FOLDER': str(trackers)}
        metrics = trackeval.metrics
        with contextlib.redirect_stdout(io.StringIO()):
            dataset = trackeval.datasets.MotChallenge2DBox(
                {**folders, **quiet, 'BENCHMARK': benchmark}
            )
            evaluator = trackeval.Evaluator(
                {**dict.fromkeys(silent, False), **quiet, 'LOG_ON_ERROR': None}
            )
            scores, _ = evaluator.evaluate(
                [dataset],
                [metrics.HOTA(), metrics.CLEAR(quiet), metrics.Identity(quiet)],
            )
        scores = scores['MotChallenge2DBox']['tracker']
        return {name: score['pedestrian'] for name, score in scores.items()}

    return run


@pytest.fixture(scope='session')
def assert_same_scores() -> Callable[..., None]:
    """Every field of two results is equal, up to the order of a sum."""

    def check(ours: dict[str, dict], reference: dict[str, dict]) -> None:
        assert set(ours) == set(reference)
        for metric, fields in ours.items():
            assert set(fields) == set(reference[metric])
            for field, value in fields.items():
                np.testing.assert_allclose(
                    value,
                    reference[metric][field],
                    rtol=1e-12,
                    atol=1e-12,
                    err_msg=f'{metric} {field}',
                )

    return check
