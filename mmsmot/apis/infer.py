"""One video in, its tracks as text, JSON and an annotated video out."""

from __future__ import annotations

import contextlib
import json
import logging
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
from ..evaluation import write_json
from ..models.smot import SMOT, space_of
from ..structures import Tracks, Trajectories, write_trajectories
from ..utils.fingerprint import video_fingerprint
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter

FORMAT = 'mmsmot result 1'


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
    at last ``result.json``, each whole or not at all. Where a ``result.json`` of the same
    video, frames and config lies already, nothing is done.

    Args:
        model: The pipeline.
        video: The frames to look at.
        out_dir: Folder of the results, made where it is missing.
        config_text: The config, to tell results of another one from this one's.
        draw: Write the annotated video.
        overwrite: Do it again where a finished result lies.

    Returns:
        What ``result.json`` holds.
    """
    out_dir = Path(out_dir)
    key = _key(video, config_text, draw)
    if not overwrite and (finished := _finished(out_dir / 'result.json', key)):
        print_log(f'{out_dir} holds this result already; skipped', logger='current')
        return finished
    (out_dir / 'result.json').unlink(missing_ok=True)
    watch = Stopwatch()
    with contextlib.ExitStack() as stack:
        writer = None
        if draw and video.video.width is not None:
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
    write_json(result, out_dir / 'result.json')
    return result


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


def _key(video: VideoReader, config_text: str, draw: bool) -> dict[str, Any]:
    return {
        'video': video_fingerprint(video.video.path),
        'start': video.start,
        'end': video.end,
        'stride': video.stride,
        'config': config_text,
        'draw': draw,
    }


def _finished(path: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        result = json.loads(path.read_text())
    except ValueError:
        print_log(f'{path}: not JSON; done again', logger='current', level=logging.WARN)
        return None
    same = result.get('format') == FORMAT and result.get('key') == key
    return result if same else None


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
                'label': int(np.bincount(rows.labels).argmax()),
                'frame_ids': rows.frame_ids,
                'boxes_xyxy': np.round(rows.boxes, 2),
                'scores': np.round(rows.scores, 4),
            }
            for track_id, rows in trajectories.by_id().items()
        ],
    }
