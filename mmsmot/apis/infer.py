"""One video in, its tracks and words as text, JSON and an annotated video out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ..datasets import VideoReader
from ..datasets.image_sequence import ImageSequence
from ..evaluation import write_json
from ..models.smot import SMOT, space_of
from ..structures import (
    Frame,
    Interactions,
    SMOTDataSample,
    Trajectories,
    write_trajectories,
)
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter
from ..visualization.html_report import EMBED_LIMIT, write_report
from ..visualization.report_video import playable_video
from ..visualization.semantic_drawer import SemanticDrawer
from .finished import FORMAT, REPORT_VIDEO, clear, find_finished, result_key


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
    with ``semantics`` boxes, arrows with verbs and a panel of captions), ``report.html`` (a page that plays
    the video with all of it) and
    at last ``result.json``, each whole or not at all. Where all that would come out lies
    there already, made of the same video, frames, config, weights, files and code,
    nothing is done.

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
        What ``result.json`` holds.

    Raises:
        NotADirectoryError: There is a file at ``out_dir``.
        ValueError: The annotated video would be written over the video itself.
    """
    out_dir = Path(out_dir)
    _require_folder(out_dir, video)
    key = result_key(model, video, config_text, draw)
    if not overwrite and config_text and (finished := find_finished(out_dir, key)):
        print_log(f'{out_dir} holds this result already; skipped', logger='current')
        return finished
    clear(out_dir)
    watch = Stopwatch()
    with contextlib.ExitStack() as stack:
        writer = None
        if draw and not _has_pictures(video):
            print_log(f'{video.video.path}: no pictures to draw on', logger='current')
        elif draw:
            writer = VideoWriter(out_dir / 'video.mp4', _fps(video))
            stack.enter_context(writer)
        # What post-processing changes, and words, can be drawn only when all is known.
        late = model.post_processing or model.semantics is not None
        sample = _run(model, video, None if late else writer, watch)
        if writer is not None and late:
            _draw(video, sample, writer, watch)
    trajectories = sample.pred_trajectories
    write_trajectories(trajectories, out_dir / 'tracks.txt')
    result = _result(video, sample, watch, key)
    result['warnings'] = list(warnings)
    files = ['tracks.txt']
    if writer is not None:
        files += ['video.mp4', *_report(video, sample, out_dir, warnings)]
    result['files'] = files
    write_json(result, out_dir / 'result.json')
    return result


def _report(
    video: VideoReader, sample: SMOTDataSample, out_dir: Path, warnings: Sequence[str]
) -> list[str]:
    """Write the page; the names of the files that it is."""
    copy = out_dir / REPORT_VIDEO
    played, times = playable_video(video, sample.frame_ids, copy)
    write_report(sample, out_dir / 'report.html', played, times, warnings=warnings)
    if played != copy:
        return ['report.html']
    if copy.stat().st_size > EMBED_LIMIT:
        return ['report.html', REPORT_VIDEO]
    copy.unlink()
    return ['report.html']


def _require_folder(out_dir: Path, video: VideoReader) -> None:
    if out_dir.exists() and not out_dir.is_dir():
        raise NotADirectoryError(
            f'{out_dir} is a file; results need a folder of their own (--out)'
        )
    if (out_dir / 'video.mp4').resolve() == Path(video.video.path).resolve():
        raise ValueError(
            f'the annotated video would be written over {video.video.path}: '
            'name another folder (--out)'
        )


def _has_pictures(video: VideoReader) -> bool:
    """Whether there is anything to draw on; a folder of labels alone has a size too."""
    source = video.source
    return not isinstance(source, ImageSequence) or source.image_paths is not None


def _run(
    model: SMOT, video: VideoReader, writer: VideoWriter | None, watch: Stopwatch
) -> SMOTDataSample:
    """Track and describe; draw the tracks at once where there is a writer."""
    drawer = TrackDrawer()
    memory = model.semantics.begin() if model.semantics is not None else None
    frame_ids, tracks = [], []
    with _progress() as progress:
        bar = progress.add_task(video.video.name, total=video.num_frames)
        for frame, _, shown in model.track(video, watch, memory):
            frame_ids.append(frame.frame_id)
            tracks.append(shown)
            if writer is not None:
                picture = drawer.draw(frame.image, shown.ids, shown.boxes)
                watch.book('draw')
                writer.write(picture)
                watch.book('encode')
            del frame  # or its picture would live on beside the next batch
            progress.update(bar, advance=1)
    tracked = Trajectories.from_tracks(frame_ids, tracks, space_of(video))
    sample = SMOTDataSample(
        metainfo=dict(video=video.video, frame_ids=np.array(frame_ids, np.int64))
    )
    sample.pred_trajectories = model.refine(tracked, frame_ids)
    watch.book('refine')
    if memory is not None:
        model.describe(memory, tracked, sample)
        watch.book('speak')
    return sample


def _draw(
    video: VideoReader, sample: SMOTDataSample, writer: VideoWriter, watch: Stopwatch
) -> None:
    """Read the video a second time and draw what was found and said."""
    by_frame = sample.pred_trajectories.by_frame()
    nobody = sample.pred_trajectories[:0]
    draw = _picture_maker(sample)
    with _progress() as progress:
        bar = progress.add_task(f'{video.video.name}: drawing', total=video.num_frames)
        for frame in video:
            shown = by_frame.get(frame.frame_id, nobody)
            watch.book('decode')
            picture = draw(frame, shown)
            watch.book('draw')
            writer.write(picture)
            watch.book('encode')
            del frame
            progress.update(bar, advance=1)


def _picture_maker(
    sample: SMOTDataSample,
) -> Callable[[Frame, Trajectories], np.ndarray]:
    """Boxes with trails; where there are words, boxes with arrows and a panel of text."""
    if 'pred_captions' not in sample:
        trails = TrackDrawer()
        return lambda frame, shown: trails.draw(frame.image, shown.ids, shown.boxes)
    texts = dict(captions=sample.pred_captions, video_caption=sample.pred_video_caption)
    width = sample.pred_trajectories.space.width
    lines = SemanticDrawer().lines_needed(width, **texts)
    drawer = SemanticDrawer(panel_lines=lines)

    def draw(frame: Frame, shown: Trajectories) -> np.ndarray:
        going_on = sample.pred_interactions.between(frame.frame_id, frame.frame_id)
        return drawer.draw(frame.image, shown.ids, shown.boxes, going_on, **texts)

    return draw


def _progress() -> Progress:
    return Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )


def _fps(video: VideoReader) -> float:
    """Frames a second of the annotated video: it takes as long as the original."""
    return max(video.video.fps / video.stride, 1.0)


def _result(
    video: VideoReader,
    sample: SMOTDataSample,
    watch: Stopwatch,
    key: dict[str, Any],
) -> dict[str, Any]:
    info, num_frames = video.video, len(sample.frame_ids)
    seconds = {stage: round(spent, 3) for stage, spent in watch.seconds.items()}
    captions = sample.get('pred_captions', {})
    result = {
        'format': FORMAT,
        'key': key,
        'video': {
            'name': info.name,
            'path': info.path,
            'fps': info.fps,
            'width': info.width,
            'height': info.height,
            'num_frames': num_frames,
            'frame_ids': sample.frame_ids,
            'gt': info.files.get('gt'),
        },
        'speed': {
            'fps': round(num_frames / max(watch.total, 1e-9), 2),
            'seconds': seconds,
        },
        'trajectories': [
            {
                'id': track_id,
                'label': _commonest(rows.labels),
                'frame_ids': rows.frame_ids,
                'boxes_xyxy': np.round(rows.boxes, 2),
                'scores': np.round(rows.scores, 4),
                **({'caption': captions[track_id]} if track_id in captions else {}),
            }
            for track_id, rows in sample.pred_trajectories.by_id().items()
        ],
    }
    if 'pred_captions' in sample:
        result['video_caption'] = sample.pred_video_caption
        result['interactions'] = _interactions(sample.pred_interactions)
    return result


def _interactions(table: Interactions) -> list[dict[str, Any]]:
    """Rows for JSON; a side of a span that is not known is left out."""
    rows = []
    for i in range(len(table)):
        row = {
            'subject': int(table.subject_ids[i]),
            'verb': str(table.verbs[i]),
            'object': int(table.object_ids[i]),
            'score': round(float(table.scores[i]), 4),
        }
        for name, frame in (('start', table.start_frames), ('end', table.end_frames)):
            if frame[i]:
                row[f'{name}_frame'] = int(frame[i])
        rows.append(row)
    return rows


def _commonest(labels: np.ndarray) -> int:
    """The label most boxes have; -1 is one, a file's way to say that it is not given."""
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])
