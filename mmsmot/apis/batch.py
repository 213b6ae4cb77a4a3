"""Many videos side by side on a cluster, a job a video, and one summary."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ..datasets.streams.address import is_stream_address
from ..engine.launchers import Launcher
from ..evaluation.smot_report import smot_report_headline
from ..utils.json_file import write_json
from ..utils.printable import printable
from ..utils.progress_bar import progress_bar
from .inferencer import UNREADABLE, SMOTInferencer
from .inputs import expand_inputs

SUMMARY = 'summary.json'
FILES = ('config', 'checkpoint', 'weights', 'reid_weights')
MEMORY = 2.0  # GiB of a job: torch, a detector and the frames of a batch


@dataclass(frozen=True)
class BatchJob:
    """A video to be tracked and described.

    Attributes:
        video: Its path.
        folder: Of its results.
        inferencer: Arguments of :class:`~.inferencer.SMOTInferencer`, such as JSON holds.
        call: Arguments of calling it.
    """

    video: str
    folder: Path
    inferencer: dict[str, Any] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchVideoSummary:
    """A line of the summary.

    Attributes:
        video: Its path.
        folder: Of its results.
        error: Why it has none; ``None``: it has.
        num_frames: Frames that were tracked.
        num_trajectories: How many objects were found.
        seconds: Of the run that made the results.
        scores: Headline scores of a video with a gt beside it.
    """

    video: str
    folder: str
    error: str | None = None
    num_frames: int = 0
    num_trajectories: int = 0
    seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)


def infer_batch(
    launcher: Launcher,
    videos: str | Sequence[str],
    out_dir: str | os.PathLike,
    inferencer: Mapping[str, Any],
    call: Mapping[str, Any],
    done: Callable[[BatchVideoSummary], None] | None = None,
) -> list[BatchVideoSummary]:
    """Track and describe videos on a launcher's workers, and write ``summary.json``.

    A video whose result lies there already is not done again. One that fails stops none
    of the others. The summary is written anew whenever a video has ended.

    Args:
        launcher: Where the jobs run; the workers see the videos and ``out_dir``.
        videos: As :meth:`~.inferencer.SMOTInferencer.__call__` takes them.
        out_dir: Folder of the results, with a folder in it for each video.
        inferencer: Arguments of :class:`~.inferencer.SMOTInferencer`.
        call: Arguments of calling it, but the video and the folder.
        done: Called with each summary as soon as it is there.

    Returns:
        The summaries in the order of the videos.

    Raises:
        ValueError: There is no video, or a live stream, which is never done.
    """
    out_dir = Path(out_dir).resolve()
    folders, _ = expand_inputs(videos, out_dir)
    if streams := [name for name in folders if is_stream_address(name)]:
        raise ValueError(
            f'{streams[0]} is a live stream, and a cluster is for videos that end: leave '
            '--launcher out'
        )
    arguments = {k: _absolute(k, value) for k, value in inferencer.items()}
    for name, folder in folders.items():
        job = BatchJob(os.path.abspath(name), folder, arguments, dict(call))
        launcher.submit(name, run_batch_job, job, memory=MEMORY)
    summaries: dict[str, BatchVideoSummary] = {}
    with progress_bar() as progress:
        bar = progress.add_task(f'{len(folders)} videos', total=len(folders))
        while len(summaries) < len(folders):
            name, outcome = launcher.wait()
            summaries[name] = _summary(name, folders[name], outcome)
            if summaries[name].error is not None:
                print_log(
                    printable(f'{name}: {summaries[name].error}'),
                    logger='current',
                    level=logging.WARNING,
                )
            ordered = [summaries[name] for name in folders if name in summaries]
            write_json([asdict(s) for s in ordered], out_dir / SUMMARY)
            progress.update(bar, advance=1)
            if done is not None:
                done(summaries[name])
    return [summaries[name] for name in folders]


def run_batch_job(job: BatchJob) -> BatchVideoSummary:
    """Do a video in this process, whose model is built once for all its videos.

    Raises:
        Whatever the inferencer raises, but for what says that the video is unreadable.
    """
    inferencer = _inferencer(json.dumps(job.inferencer, sort_keys=True))
    try:
        result = inferencer(job.video, job.folder, **job.call)
    except UNREADABLE as error:
        text = str(error) or type(error).__name__
        return BatchVideoSummary(job.video, str(job.folder), text)
    views = result if isinstance(result, list) else [result]
    scores = [
        smot_report_headline(view['scores']) for view in views if view.get('scores')
    ]
    return BatchVideoSummary(
        video=job.video,
        folder=str(job.folder),
        num_frames=views[0]['video']['num_frames'],
        num_trajectories=sum(len(view['trajectories']) for view in views),
        seconds=round(sum(views[0]['speed']['seconds'].values()), 3),
        scores=scores[0] if scores else {},
    )


def _absolute(name: str, value: Any) -> Any:
    """A file's whole path: workers have another working directory."""
    is_file = name in FILES and value is not None and Path(value).is_file()
    return os.path.abspath(value) if is_file else value


@lru_cache(maxsize=1)
def _inferencer(arguments: str) -> SMOTInferencer:
    """The inferencer of this process; arguments as JSON, which a cache can be asked for."""
    return SMOTInferencer(**json.loads(arguments))


def _summary(name: str, folder: Path, outcome: Any) -> BatchVideoSummary:
    """The summary that a job returned, or one of what it raised."""
    if isinstance(outcome, BatchVideoSummary):
        return outcome
    if isinstance(outcome, Exception):
        error = f'{type(outcome).__name__}: {outcome}'
        return BatchVideoSummary(name, str(folder), error)
    raise outcome  # Ctrl-C
