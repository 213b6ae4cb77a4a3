"""One video in, its tracks as text, JSON and an annotated video out."""

from __future__ import annotations

import contextlib
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
from ..structures import Tracks, Trajectories, write_trajectories
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter
from .finished import FORMAT, clear, find_finished, result_key


def infer_video(
    model: SMOT,
    video: VideoReader,
    out_dir: str | Path,
    config_text: str = '',
    draw: bool = True,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Track through a video and write what was found.

    Writes ``tracks.txt`` (MOTChallenge), ``video.mp4`` (H.264, boxes, ids and trails) and
    at last ``result.json``, each whole or not at all. Where all that would come out lies
    there already, made of the same video, frames, config, weights, files and code,
    nothing is done.

    Args:
        model: The pipeline.
        video: The frames to look at.
        out_dir: Folder of the results, made where it is missing.
        config_text: The config, to tell results of another one from this one's; without
            it nothing that lies there is taken for finished.
        draw: Write the annotated video.
        overwrite: Do it again where a finished result lies.

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
        # What post-processing changes can be drawn only when all is known.
        online = None if model.post_processing else writer
        frame_ids, tracks = _run(model, video, online, watch)
        trajectories = model.refine(
            Trajectories.from_tracks(frame_ids, tracks, space_of(video))
        )
        watch.book('refine')
        if writer is not online:
            _draw(video, trajectories, writer, watch)
    write_trajectories(trajectories, out_dir / 'tracks.txt')
    result = _result(video, frame_ids, trajectories, watch, key)
    result['files'] = ['tracks.txt'] + (['video.mp4'] if writer is not None else [])
    write_json(result, out_dir / 'result.json')
    return result


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
) -> tuple[list[int], list[Tracks]]:
    """Track all frames, and draw them where there is a writer."""
    drawer = TrackDrawer()
    frame_ids, tracks = [], []
    with _progress() as progress:
        bar = progress.add_task(video.video.name, total=video.num_frames)
        for frame, _, shown in model.track(video, watch):
            frame_ids.append(frame.frame_id)
            tracks.append(shown)
            if writer is not None:
                picture = drawer.draw(frame.image, shown.ids, shown.boxes)
                watch.book('draw')
                writer.write(picture)
                watch.book('encode')
            del frame  # or its picture would live on beside the next batch
            progress.update(bar, advance=1)
    return frame_ids, tracks


def _draw(
    video: VideoReader,
    trajectories: Trajectories,
    writer: VideoWriter,
    watch: Stopwatch,
) -> None:
    """Read the video a second time and draw the trajectories."""
    drawer, by_frame = TrackDrawer(), trajectories.by_frame()
    nobody = trajectories[:0]
    with _progress() as progress:
        bar = progress.add_task(f'{video.video.name}: drawing', total=video.num_frames)
        for frame in video:
            shown = by_frame.get(frame.frame_id, nobody)
            watch.book('decode')
            picture = drawer.draw(frame.image, shown.ids, shown.boxes)
            watch.book('draw')
            writer.write(picture)
            watch.book('encode')
            del frame
            progress.update(bar, advance=1)


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
    frame_ids: list[int],
    trajectories: Trajectories,
    watch: Stopwatch,
    key: dict[str, Any],
) -> dict[str, Any]:
    info = video.video
    seconds = {stage: round(spent, 3) for stage, spent in watch.seconds.items()}
    return {
        'format': FORMAT,
        'key': key,
        'video': {
            'name': info.name,
            'path': info.path,
            'fps': info.fps,
            'width': info.width,
            'height': info.height,
            'num_frames': len(frame_ids),
        },
        'speed': {
            'fps': round(len(frame_ids) / max(watch.total, 1e-9), 2),
            'seconds': seconds,
        },
        'trajectories': [
            {
                'id': track_id,
                'label': _commonest(rows.labels),
                'frame_ids': rows.frame_ids,
                'boxes_xyxy': np.round(rows.boxes, 2),
                'scores': np.round(rows.scores, 4),
            }
            for track_id, rows in trajectories.by_id().items()
        ],
    }


def _commonest(labels: np.ndarray) -> int:
    """The label most boxes have; -1 is one, a file's way to say that it is not given."""
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])
