"""One video in, its tracks and words as text, JSON and an annotated video out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..datasets import VideoReader
from ..datasets.image_sequence import ImageSequence
from ..evaluation import write_json
from ..evaluation.smot_report import headline
from ..models.smot import SMOT, put_result
from ..models.video_run import VideoRun
from ..structures import SMOTDataSample, write_trajectories
from ..utils.folder_lock import folder_lock
from ..utils.printable import printable
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter
from ..visualization.html_report import EMBED_LIMIT, write_report
from ..visualization.report_video import playable_video
from .drawing import draw_video, progress_bar, shown_at
from .interrupt import interruptible
from .recording import Recording
from .result import make_result, with_arrays
from .result_cache import find_cached_result, result_key
from .result_files import (
    FILES,
    LIVE_FILES,
    RECORDING,
    REPORT_VIDEO,
    all_or_nothing,
    clear,
)
from .self_evaluation import self_evaluate


def infer_video(
    model: SMOT,
    video: VideoReader,
    out_dir: str | Path,
    config_text: str = '',
    draw: bool = True,
    overwrite: bool = False,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """Track through a video and write what was found.

    Writes ``tracks.txt`` (MOTChallenge), ``video.mp4`` (H.264; boxes, ids and trails, or
    with ``semantics`` boxes, arrows with verbs and a panel of captions), ``report.html``
    (a page that plays the video with all of it) and at last ``result.json``, each whole
    or not at all; after an error none of them is left. Where all that would come out lies
    there already, made of the same video, frames, config, weights, files and code, nothing
    is done. Files of these names that no run wrote are left alone, and only one run at a
    time can have the folder. A sequence with a truth beside its
    pictures is scored too, in ``result.json`` and on the page.

    A live stream is never finished. It is recorded (``recording.mp4``) while it is looked
    at; the k-th of ``video.frame_ids`` in ``result.json`` is its k-th picture, and
    ``video.timestamps`` its seconds since the stream began. Ctrl-C ends the stream and
    what was seen is written. Since nobody can do it again, a result of one is replaced
    only with ``overwrite``, and what was recorded of it, and its tracks once they are
    written, outlive an error.

    Args:
        model: The pipeline.
        video: The frames to look at.
        out_dir: Folder of the results, made where it is missing.
        config_text: The config, to tell results of another one from this one's; without
            it nothing that lies there is taken for finished.
        draw: Write the annotated video and the page.
        overwrite: Do it again where a finished result lies.
        warnings: What whoever reads the result must know; written into it.

    Returns:
        What ``result.json`` holds; ``frame_ids``, ``boxes_xyxy``, ``scores`` and
        ``timestamps`` as NumPy arrays.

    Raises:
        BlockingIOError: Another run is writing into ``out_dir``.
        FileExistsError: The result of a live stream lies there, or a file that no run
            wrote has the name of one that would be.
        NotADirectoryError: There is a file at ``out_dir``.
        OSError: ``out_dir`` cannot be written to, or the disk is full.
        ValueError: A file of the result would be written over the video itself, or
            no frame could be read.
    """
    out_dir = Path(out_dir)
    _require_folder(out_dir, video)
    key = result_key(model, video, config_text, draw)
    if not overwrite and config_text and (finished := find_cached_result(out_dir, key)):
        print_log(f'{out_dir} holds this result already; skipped', logger='current')
        return with_arrays(finished)
    with folder_lock(out_dir):
        clear(out_dir, overwrite)
        with all_or_nothing(out_dir, kept=LIVE_FILES if video.is_live else ()):
            return _infer(model, video, out_dir, draw, warnings, key)


def _infer(
    model: SMOT,
    video: VideoReader,
    out_dir: Path,
    draw: bool,
    warnings: Sequence[str],
    key: dict[str, Any],
) -> dict[str, Any]:
    """As :func:`infer_video`, into a folder that is ours and empty."""
    if draw and not _has_pictures(video):
        print_log(f'{video.video.path}: no pictures to draw on', logger='current')
        draw = False
    watch, files = Stopwatch(), ['tracks.txt']
    sample, times = _track_and_draw(model, video, out_dir, draw, watch)
    warnings = [*warnings, *video.warnings]
    scores = self_evaluate(sample)
    if draw:
        page = (times, out_dir, warnings, headline(scores) if scores else {})
        files += ['video.mp4', *_report(video, sample, *page)]
    result = make_result(video, sample, times, watch, key)
    result |= dict(scores=scores, warnings=warnings, files=files)
    write_json(result, out_dir / 'result.json')
    return result


def _track_and_draw(
    model: SMOT, video: VideoReader, out_dir: Path, draw: bool, stopwatch: Stopwatch
) -> tuple[SMOTDataSample, np.ndarray]:
    """What was found and the frames' times; writes the tracks and the videos."""
    # What post-processing changes, and captions, can be drawn only when all is known.
    is_late = model.post_processing or model.semantics is not None
    run = model.begin(video.video, stopwatch=stopwatch)
    with ExitStack() as stack:
        writer, source = None, nullcontext(video)
        if draw:
            writer = VideoWriter(out_dir / 'video.mp4', _fps(video))
            stack.enter_context(writer)
            if video.is_live:
                source = Recording(video, out_dir / RECORDING)
        with interruptible(video), source as frames:
            _track(model, frames, run, None if is_late else writer)
            if not run.frame_ids:
                raise ValueError(
                    f'{video.video.path}: ended before any frame to look at'
                )
        tracked = run.trajectories()
        # Before the captions, which may take long and fail: a stream does not come again.
        write_trajectories(tracked[0].trajectories, out_dir / 'tracks.txt')
        stopwatch.book('refine')
        (result,) = run.finish(tracked)
        if result.description is not None:
            stopwatch.book('speak')
        sample = SMOTDataSample(metainfo=dict(video=video.video))
        put_result(result, run.frame_ids, sample)
        if writer is not None and is_late:
            draw_video(frames, sample, writer, stopwatch)
    return sample, np.array(run.timestamps)


def _report(
    video: VideoReader,
    sample: SMOTDataSample,
    times: np.ndarray,
    out_dir: Path,
    warnings: Sequence[str],
    scores: dict[str, float],
) -> list[str]:
    """Write the page; the names of the files that it is.

    It shows all verbs: the model's own threshold has chosen them.
    """
    page, copy = out_dir / 'report.html', out_dir / REPORT_VIDEO
    if video.is_live:
        times = times - times[0]
        shown = out_dir / RECORDING, times, scores, warnings
        write_report(sample, page, *shown, threshold=0.0)
        return [page.name, RECORDING]
    played, times = playable_video(video, sample.frame_ids, copy, times)
    write_report(sample, page, played, times, scores, warnings, threshold=0.0)
    if played != copy:
        return [page.name]
    if copy.stat().st_size > EMBED_LIMIT:
        return [page.name, REPORT_VIDEO]
    copy.unlink()
    return [page.name]


def _require_folder(out_dir: Path, video: VideoReader) -> None:
    if out_dir.exists() and not out_dir.is_dir():
        raise NotADirectoryError(
            f'{out_dir} is a file; results need a folder of their own (--out)'
        )
    own = {(out_dir / name).resolve() for name in FILES}
    if not video.is_live and Path(video.video.path).resolve() in own:
        raise ValueError(
            f'the results would be written over {video.video.path}: name another folder '
            '(--out)'
        )


def _has_pictures(video: VideoReader) -> bool:
    """Whether there is anything to draw on; a folder of labels alone has a size too."""
    source = video.source
    return not isinstance(source, ImageSequence) or source.image_paths is not None


def _track(
    model: SMOT,
    video: VideoReader | Recording,
    run: VideoRun,
    writer: VideoWriter | None,
) -> None:
    """Push all frames through a run; draw the tracks at once where there is a writer."""
    drawer = TrackDrawer()
    with progress_bar() as progress:
        name = printable(video.video.name)
        bar = progress.add_task(name, total=video.num_frames)
        for frames, results in model.batches(video, run):
            for frame, result in zip(frames, results, strict=True):
                if writer is not None:
                    tracks = result.tracks
                    picture = drawer.draw(frame.image, tracks.ids, tracks.boxes)
                    run.stopwatch.book('draw')
                    writer.write(picture, shown_at(video, frame))
                    run.stopwatch.book('encode')
                progress.update(bar, advance=1)
            del frames, frame  # or their pictures would live on beside the next batch


def _fps(video: VideoReader) -> float:
    """Frames a second of the annotated video: it takes as long as the original."""
    return max(video.video.fps / video.stride, 1.0)
