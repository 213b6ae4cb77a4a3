"""One video in, its tracks and captions as text, JSON and an annotated video out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..datasets import VideoReader
from ..datasets.image_sequence import ImageSequence
from ..evaluation.result_names import RESULT
from ..evaluation.smot_report import smot_report_headline
from ..models.smot import SMOT, write_pred_fields
from ..models.video_run import PromptResult, VideoRun
from ..structures import (
    Prompt,
    SMOTDataSample,
    Trajectories,
    as_prompts,
    write_trajectories,
)
from ..utils.folder_lock import folder_lock
from ..utils.json_file import write_json
from ..utils.printable import printable
from ..utils.progress_bar import progress_bar
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter
from ..visualization.html_report import EMBED_LIMIT, write_html_report
from ..visualization.report_video import playable_video
from .annotated_video import annotated_frame_time, write_annotated_video
from .interrupt import interruptible_stream
from .prompt_check import prompt_warnings
from .prompt_output import (
    PromptOutput,
    finished_prompt_outputs,
    prompt_output_folders,
    prompt_outputs,
)
from .result import result_json, result_view
from .result_cache import result_cache_key
from .result_files import (
    FILES,
    LIVE_FILES,
    RECORDING,
    REPORT_VIDEO,
    clear_result_folder,
    rollback_result_files,
)
from .self_evaluation import SelfEvaluation, self_evaluate
from .stream_recording import StreamRecording


def infer_video(
    model: SMOT,
    video: VideoReader,
    out_dir: str | Path,
    config_text: str = '',
    draw: bool = True,
    overwrite: bool = False,
    warnings: Sequence[str] = (),
    prompts: Prompt | str | Sequence[Prompt | str] = (),
) -> dict[str, Any] | list[dict[str, Any]]:
    """Track and describe a video and write the results.

    Writes ``tracks.txt`` (MOTChallenge), ``video.mp4`` (H.264; boxes, ids and trails, or
    with ``semantics`` boxes, arrows with verbs and a panel of captions), ``report.html``
    (a page that plays the video with all of it) and at last ``result.json``, each whole
    or not at all; after an error none of them stays. Where the same result lies there
    already (:mod:`~mmsmot.apis.result_cache`), nothing is done. Files of these names that
    no run wrote are not touched. A sequence with a gt beside its images is scored too,
    unless the tracks are of a prompt.

    A live stream is never finished. It is recorded (``recording.mp4``) while it is read;
    the k-th of ``frame_ids`` in ``result.json`` is its k-th image, and ``timestamps`` its
    seconds since the stream began. Ctrl-C ends the stream and what was read is written.
    A stream's result is replaced only with ``overwrite``, and its recording and the
    tracks until then outlive an error.

    Args:
        model: The pipeline.
        video: The frames.
        out_dir: Folder of the results, made where it is missing; of several prompts each
            has a folder in it, of its ``key``.
        config_text: The config; without it nothing that lies there counts as finished.
        draw: Write the annotated video and the page.
        overwrite: Do it again where a finished result lies.
        warnings: What whoever reads the result must know; written into it.
        prompts: Targets; empty for every object. Several share one run.

    Returns:
        See :func:`~mmsmot.apis.result.result_view`; a list for several prompts.

    Raises:
        BlockingIOError: Another run is writing into ``out_dir``.
        FileExistsError: A live stream's result, or a file that no run wrote, lies there.
        NotADirectoryError: There is a file at ``out_dir``.
        OSError: ``out_dir`` cannot be written to, or the disk is full.
        ValueError: A result would be written over the video, or no frame can be read.
    """
    prompts = as_prompts(prompts)
    warnings = [*dict.fromkeys([*warnings, *prompt_warnings(model, prompts)])]
    out_dir = Path(out_dir)
    for folder in (out_dir, *prompt_output_folders(out_dir, prompts)):
        _require_folder(folder, video)
    key = result_cache_key(model, video, config_text, draw)
    outputs = prompt_outputs(out_dir, prompts, key)
    contents = {} if overwrite or not config_text else finished_prompt_outputs(outputs)
    pending = [output for output in outputs if output.folder not in contents]
    if pending:
        contents |= _infer_locked(model, video, pending, draw, overwrite, warnings)
    views = [result_view(contents[output.folder]) for output in outputs]
    return views if len(prompts) > 1 else views[0]


def _infer_locked(
    model: SMOT,
    video: VideoReader,
    outputs: Sequence[PromptOutput],
    draw: bool,
    overwrite: bool,
    warnings: Sequence[str],
) -> dict[Path, dict[str, Any]]:
    """The JSON of the results by folder; nobody else writes there meanwhile."""
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(folder_lock(output.folder))
            clear_result_folder(output.folder, overwrite)
        for output in outputs:
            kept_names = LIVE_FILES if video.is_live else ()
            stack.enter_context(rollback_result_files(output.folder, kept_names))
        return _infer(model, video, outputs, draw, warnings)


def _infer(
    model: SMOT,
    video: VideoReader,
    outputs: Sequence[PromptOutput],
    draw: bool,
    warnings: Sequence[str],
) -> dict[Path, dict[str, Any]]:
    """As :func:`infer_video`, into folders that are ours and empty."""
    if draw and not _has_images(video):
        print_log(f'{video.video.path}: no images to draw on', logger='current')
        draw = False
    stopwatch = Stopwatch()
    samples, times = _track_and_draw(model, video, outputs, draw, stopwatch)
    warnings = [*warnings, *video.warnings]
    contents = {}
    targets = [
        (str(sample.prompt), sample.pred_trajectories)
        for sample in samples
        if sample.get('prompt') is not None and model.estimator.reads_prompt
    ]
    for output, sample in zip(outputs, samples, strict=True):
        # The gt beside a video is of every object.
        is_of_prompt = output.prompt is not None and model.estimator.reads_prompt
        evaluation = SelfEvaluation() if is_of_prompt else self_evaluate(sample)
        files = ['tracks.txt']
        if draw:
            page = _write_page(
                video, sample, times, output.folder, warnings, evaluation, targets
            )
            files += ['video.mp4', *page]
        content = result_json(video, sample, times, stopwatch, output.key)
        content |= dict(scores=evaluation.scores, warnings=warnings, files=files)
        write_json(content, output.folder / RESULT)
        contents[output.folder] = content
    return contents


def _track_and_draw(
    model: SMOT,
    video: VideoReader,
    outputs: Sequence[PromptOutput],
    draw: bool,
    stopwatch: Stopwatch,
) -> tuple[list[SMOTDataSample], np.ndarray]:
    """A sample for each output and the frames' times; writes the tracks and videos."""
    # What post-processing changes, and captions, can be drawn only when all is known.
    is_late = (
        bool(model.post_processing) or model.semantics is not None or len(outputs) > 1
    )
    prompts = [output.prompt for output in outputs if output.prompt is not None]
    run = model.begin(video.video, prompts, stopwatch=stopwatch)
    with ExitStack() as stack:
        writers: list[VideoWriter] = []
        source: AbstractContextManager[VideoReader | StreamRecording] = nullcontext(
            video
        )
        if draw:
            writers = [_video_writer(output, video) for output in outputs]
            for writer in writers:
                stack.enter_context(writer)
            if video.is_live:
                source = StreamRecording(video, outputs[0].folder / RECORDING)
        with (
            _tracks_kept(run, outputs, video),
            interruptible_stream(video),
            source as frames,
        ):
            _track(model, frames, run, None if is_late or not draw else writers[0])
            if not run.frame_ids:
                raise ValueError(f'{video.video.path}: ended before its first frame')
        if video.is_live and draw:
            _copy_recording(outputs)
        tracked = run.trajectories()
        # Before the captions, which may take long and fail: a stream does not come again.
        _write_tracks(tracked, outputs)
        stopwatch.book('refine')
        samples = _samples(run, tracked)
        if model.semantics is not None:
            stopwatch.book('generate')
        if is_late:
            for writer, sample in zip(writers, samples, strict=False):
                write_annotated_video(frames, sample, writer, stopwatch)
    return samples, np.array(run.timestamps)


def _samples(run: VideoRun, tracked: Sequence[PromptResult]) -> list[SMOTDataSample]:
    """The predictions for each prompt."""
    samples = []
    for result in run.finish(tracked):
        metainfo: dict[str, Any] = dict(video=run.video)
        if result.prompt is not None:
            metainfo['prompt'] = result.prompt
        sample = SMOTDataSample(metainfo=metainfo)
        write_pred_fields(result, run.frame_ids, sample)
        samples.append(sample)
    return samples


@contextmanager
def _tracks_kept(
    run: VideoRun, outputs: Sequence[PromptOutput], video: VideoReader
) -> Iterator[None]:
    """Write a live stream's tracks until then where the block fails."""
    try:
        yield
    except Exception as error:
        # Not on a disk that cannot be written to.
        if video.is_live and run.frame_ids and not isinstance(error, OSError):
            _write_tracks(run.trajectories(), outputs)
            if (outputs[0].folder / RECORDING).exists():
                _copy_recording(outputs)
        raise


def _write_tracks(
    tracked: Sequence[PromptResult], outputs: Sequence[PromptOutput]
) -> None:
    for result, output in zip(tracked, outputs, strict=True):
        write_trajectories(result.trajectories, output.folder / 'tracks.txt')


def _copy_recording(outputs: Sequence[PromptOutput]) -> None:
    """Give each prompt's folder the recording that lies in the first."""
    for output in outputs[1:]:
        shutil.copyfile(outputs[0].folder / RECORDING, output.folder / RECORDING)


def _write_page(
    video: VideoReader,
    sample: SMOTDataSample,
    times: np.ndarray,
    out_dir: Path,
    warnings: Sequence[str],
    evaluation: SelfEvaluation,
    targets: Sequence[tuple[str, Trajectories]],
) -> list[str]:
    """Write the page; the names of the files that it is.

    It shows all verbs: the model's own threshold has chosen them.
    """
    page, copy = out_dir / 'report.html', out_dir / REPORT_VIDEO
    if video.is_live:
        video_path, times = out_dir / RECORDING, times - times[0]
    else:
        video_path, times = playable_video(video, sample.frame_ids, copy, times)
    write_html_report(
        sample,
        page,
        video_path,
        times,
        smot_report_headline(evaluation.scores) if evaluation.scores else {},
        warnings,
        threshold=0.0,
        matches=evaluation.gt_of,
        targets=targets,
    )
    if video.is_live:
        return [page.name, RECORDING]
    if video_path != copy:
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
    result_paths = {(out_dir / name).resolve() for name in FILES}
    if not video.is_live and Path(video.video.path).resolve() in result_paths:
        raise ValueError(
            f'the results would be written over {video.video.path}: name another folder '
            '(--out)'
        )


def _has_images(video: VideoReader) -> bool:
    """Whether there is anything to draw on; a folder of labels alone has a size too."""
    source = video.source
    return not isinstance(source, ImageSequence) or source.image_paths is not None


def _track(
    model: SMOT,
    video: VideoReader | StreamRecording,
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
                    image = drawer.draw(frame.image, tracks.ids, tracks.boxes)
                    run.stopwatch.book('draw')
                    writer.write(image, annotated_frame_time(video, frame))
                    run.stopwatch.book('encode')
                progress.update(bar, advance=1)
            del frames, frame  # or their images would live on beside the next batch


def _video_writer(output: PromptOutput, video: VideoReader) -> VideoWriter:
    """The writer of an annotated video that takes as long as the original."""
    frame_rate = max(video.video.fps / video.stride, 1.0)
    return VideoWriter(output.folder / 'video.mp4', frame_rate)
