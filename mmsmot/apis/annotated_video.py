"""The annotated video: tracks, captions and interactions drawn on its frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..datasets import VideoReader
from ..datasets.image_sequence import ImageSequence
from ..structures import Frame, SMOTDataSample, Trajectories
from ..utils.printable import printable
from ..utils.progress_bar import progress_bar
from ..utils.stopwatch import Stopwatch
from ..visualization import TrackDrawer, VideoWriter
from ..visualization.semantic_drawer import SemanticDrawer
from .stream_recording import StreamRecording

# Lines of text below an image. Captions of a video that take more are shown while those
# they are about are in view: a street's would make an image that no encoder takes.
PANEL_LINES = 16


def write_annotated_video(
    video: VideoReader | StreamRecording,
    sample: SMOTDataSample,
    writer: VideoWriter,
    watch: Stopwatch,
) -> None:
    """Read a video a second time and draw tracks, captions and interactions on it.

    Args:
        video: The video that was tracked.
        sample: Predictions; captions where it has ``pred_captions``.
        writer: Encodes the images.
        watch: Books ``'decode'``, ``'draw'`` and ``'encode'``.
    """
    by_frame = sample.pred_trajectories.by_frame()
    no_tracks = sample.pred_trajectories[:0]
    draw = _drawing_function(sample)
    with progress_bar() as progress:
        name = printable(video.video.name)
        bar = progress.add_task(f'{name}: drawing', total=video.num_frames)
        for frame in video:
            trajectories = by_frame.get(frame.frame_id, no_tracks)
            watch.book('decode')
            drawn_image = draw(frame, trajectories)
            watch.book('draw')
            writer.write(drawn_image, annotated_frame_time(video, frame))
            watch.book('encode')
            del frame
            progress.update(bar, advance=1)


def _drawing_function(
    sample: SMOTDataSample,
) -> Callable[[Frame, Trajectories], np.ndarray]:
    """Boxes with trails; with captions, boxes with arrows and a panel of text."""
    if 'pred_captions' not in sample:
        trails = TrackDrawer()
        return lambda frame, trajectories: trails.draw(
            frame.image, trajectories.ids, trajectories.boxes
        )
    captions, video_caption = sample.pred_captions, sample.pred_video_caption
    width = sample.pred_trajectories.space.width
    lines = SemanticDrawer().lines_needed(width, captions, video_caption)
    drawer = SemanticDrawer(panel_lines=min(lines, PANEL_LINES))

    def draw(frame: Frame, trajectories: Trajectories) -> np.ndarray:
        interactions = sample.pred_interactions.between(frame.frame_id, frame.frame_id)
        visible_captions = captions
        if lines > PANEL_LINES:
            visible_captions = {
                i: captions[i] for i in trajectories.ids.tolist() if i in captions
            }
        return drawer.draw(
            frame.image,
            trajectories.ids,
            trajectories.boxes,
            interactions,
            visible_captions,
            video_caption,
        )

    return draw


def annotated_frame_time(
    video: VideoReader | StreamRecording, frame: Frame
) -> float | None:
    """Seconds at which the annotated video shows a frame; ``None``: a constant rate."""
    is_images = isinstance(video, VideoReader) and isinstance(
        video.source, ImageSequence
    )
    return None if is_images else frame.timestamp
