"""Seconds of each stage of ``infer_video``, from a video file to all its results."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from demo_film import DemoFilm

from mmsmot.apis import infer_video
from mmsmot.datasets import open_video
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame
from mmsmot.utils.stopwatch import Stopwatch

# Methods of the parts below ``model.semantics`` that are stages of their own.
PARTS = {
    'pool': [('roi', 'forward')],
    'fuse': [
        ('video_fusion', 'frame_tokens'),
        ('video_fusion', 'forward'),
        ('trajectory_fusion', 'forward'),
        ('cross_track_attention', 'forward'),
    ],
}
ORDER = (
    *('start', 'decode', 'detect', 'track', 'update', 'pool', 'fuse'),
    *('generate', 'draw', 'encode'),
)


@contextmanager
def use_gt_boxes(model: SMOT, people: Callable[[int], Detections]) -> Iterator[None]:
    """Let the detector work, and take the true boxes for what it found."""
    detect_in = model.estimator.detector.detect_in

    def found(features) -> list[Detections]:
        detect_in(features)
        return [people(sample.img_id) for sample in features.samples]

    with mock.patch.object(model.estimator.detector, 'detect_in', found):
        yield


@contextmanager
def pipeline_stopwatch(model: SMOT) -> Iterator[Stopwatch]:
    """A watch on which ``infer_video`` and the parts within its stages are booked.

    ``'start'`` is what comes before its own watch: hashes of weights, video and code.
    """
    watch = Stopwatch()
    with ExitStack() as stack:
        begun = mock.Mock(side_effect=lambda: watch.book('start') or watch)
        stack.enter_context(mock.patch(f'{infer_video.__module__}.Stopwatch', begun))
        for stage, methods in PARTS.items():
            for part, method in methods:
                if (module := getattr(model.semantics, part, None)) is not None:
                    timed = _timed(watch, stage, getattr(module, method))
                    stack.enter_context(mock.patch.object(module, method, timed))
        if model.semantics is not None:
            timed = _timed(watch, 'update', model.semantics.update)
            stack.enter_context(mock.patch.object(model.semantics, 'update', timed))
        stack.enter_context(_decode_first(model, watch))
        yield watch


@contextmanager
def _decode_first(model: SMOT, watch: Stopwatch) -> Iterator[None]:
    """Convert images before the estimator, whose own watch would book it on detection."""
    step = model.estimator.step

    def step_on_images(state: Any, frames: Sequence[Frame]) -> Any:
        with watch.part('decode'):
            for frame in frames:
                frame.image  # noqa: B018
        return step(state, frames)

    with mock.patch.object(model.estimator, 'step', step_on_images):
        yield


def _timed(watch: Stopwatch, stage: str, function: Callable) -> Callable:
    def timed(*args: Any, **kwargs: Any) -> Any:
        with watch.part(stage):
            return function(*args, **kwargs)

    return timed


def time_inference(
    model: SMOT, video: Path, film: DemoFilm | None, draw: bool
) -> tuple[dict[str, Any], dict[str, float]]:
    """Infer a video: its result, and seconds by stage with ``'page'``, the rest."""
    with tempfile.TemporaryDirectory() as out, ExitStack() as stack:
        if film is not None:
            stack.enter_context(use_gt_boxes(model, film.truth()))
        begin = time.perf_counter()
        watch = stack.enter_context(pipeline_stopwatch(model))
        result = infer_video(model, open_video(video), Path(out), draw=draw)
        elapsed = time.perf_counter() - begin
    seconds = {stage: watch.seconds.pop(stage, 0.0) for stage in ORDER}
    seconds |= watch.seconds
    return result, seconds | {'page': elapsed - sum(seconds.values())}
