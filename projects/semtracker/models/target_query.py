"""From a prompt to the target's first box: by box, by click, or by sentence."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from mmengine.logging import print_log

from mmsmot.structures import Detections, Frame, Prompt, VideoInfo

MISSED_CLICKS = ('error', 'wait')


@dataclass(frozen=True)
class QueryOptions:
    """How prompts are resolved.

    Attributes:
        click_reach: A click that is in no box takes the nearest one whose edge is not
            farther away, in parts of the image's height.
        missed_click: Of a click with no box in reach: ``'error'``, or ``'wait'`` until a
            later frame has one there.
        text_threshold: Least cosine of a sentence and the box that it names.
        text_margin: Where the second best box is nearer than this, both fit the sentence,
            which is logged; the better one is taken.
    """

    click_reach: float = 0.02
    missed_click: str = 'error'
    text_threshold: float = 0.0
    text_margin: float = 0.05


def prompt_box(prompt: Prompt, frame: Frame) -> np.ndarray | None:
    """The box that a prompt gives for a frame, cut to the image; ``None`` for none.

    Raises:
        ValueError: It lies outside of the image.
    """
    box = prompt.boxes.get(frame.frame_id)
    if box is None:
        return None
    width, height = frame.size
    clipped = np.clip(np.array(box, float), 0, [width, height] * 2)
    if (clipped[2:] - clipped[:2] < 1).any():
        raise ValueError(
            f'{frame.video.name}: the box {tuple(round(x, 1) for x in box)} of frame '
            f'{frame.frame_id} lies outside of the image of {width}x{height} pixels; '
            'give x1, y1, x2, y2 in pixels of the original frame'
        )
    return clipped


def clicked_box(
    prompt: Prompt, frame: Frame, detections: Detections, options: QueryOptions
) -> np.ndarray | None:
    """The surest detection around a click, or the nearest one in reach.

    Args:
        prompt: Has points.
        frame: The frame.
        detections: Its detections.
        options: Says what to do where there is none.

    Returns:
        (4,), ``None`` where the click is not of this frame, or nobody is there yet.

    Raises:
        ValueError: The click is outside of the image, or on nobody.
    """
    first = min(prompt.points)
    frame_id = frame.frame_id
    if frame_id not in prompt.points and not (
        options.missed_click == 'wait' and frame_id > first
    ):
        return None
    point = np.array(prompt.points.get(frame_id, prompt.points[first]))
    width, height = frame.size
    place_text = (
        f'{frame.video.name}: the click {tuple(point.round(1).tolist())} of frame '
    )
    if (point < 0).any() or point[0] > width or point[1] > height:
        raise ValueError(
            f'{place_text}{frame_id} lies outside of the image of {width}x{height} pixels'
        )
    boxes = detections.boxes
    order, distance = boxes_by_distance(boxes, detections.scores, point)
    if len(order) and distance[order[0]] <= options.click_reach * height:
        return boxes[order[0]]
    if options.missed_click == 'wait':
        return None
    nearest_text = 'nothing is detected there'
    if len(order):
        box = boxes[order[0]].round(1).tolist()
        nearest_text = (
            f'the nearest detection is {box}, {distance[order[0]]:.0f} pixels away'
        )
    raise ValueError(
        f'{place_text}{frame_id} is on nobody: {nearest_text}. Click on the target, or give its box'
    )


def boxes_by_distance(
    boxes: np.ndarray, scores: np.ndarray, point: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of boxes around a point, the surest first, then those farther and farther.

    The surest and not the smallest: of the 188 targets of SynSMOT's val the surest
    detection around the click has an IoU of .5 with 93 %, the smallest with 81 %, the one
    whose centre is nearest with 82 %.

    Args:
        boxes: (M, 4).
        scores: (M,).
        point: (2,).

    Returns:
        (M,) int64 rows, and (M,) distance of each box from the point, 0 inside of it.
    """
    outside = np.maximum(boxes[:, :2] - point, point - boxes[:, 2:]).clip(min=0)
    distance = np.hypot(*outside.T)
    return np.lexsort((-scores, distance)), distance


def named_row(
    prompt: Prompt, frame: Frame, cosines: np.ndarray, options: QueryOptions
) -> int | None:
    """The row of the box that a sentence names, ``None`` while none fits.

    Args:
        prompt: Has a text.
        frame: For the log.
        cosines: (M,) of the sentence with each box.
        options: Threshold and margin.
    """
    order = np.argsort(-cosines, kind='stable')
    if not len(order) or cosines[order[0]] < options.text_threshold:
        return None
    best, *runners_up = order.tolist()
    if runners_up and cosines[best] - cosines[runners_up[0]] < options.text_margin:
        print_log(
            f'{frame.video.name}, frame {frame.frame_id}: {prompt.text!r} fits '
            f'{1 + sum(cosines[best] - cosines[r] < options.text_margin for r in runners_up)} '
            f'boxes about as well ({cosines[best]:.2f} and {cosines[runners_up[0]]:.2f}); the '
            'best is taken. A box or a click says which is meant.',
            logger='current',
            level=logging.WARNING,
        )
    return best


def named_frames(prompt: Prompt) -> list[int]:
    """The frames for which a prompt has a box or a click, ascending."""
    return sorted({*prompt.boxes, *prompt.points})


def require_frames_in_video(prompt: Prompt, video: VideoInfo) -> None:
    """Refuse a box or click of a frame that the video, where it is known, has not.

    Raises:
        ValueError: There is no such frame.
    """
    if video.frame_ids is None or not len(video.frame_ids):
        return
    missing_frames = sorted(
        {*named_frames(prompt)} - {*np.asarray(video.frame_ids).tolist()}
    )
    if missing_frames:
        raise ValueError(
            f'{video.name}: a box or click is of frame {missing_frames[0]}, which the video does '
            f'not have; it has {len(video.frame_ids)} frames from {video.frame_ids[0]} to '
            f'{video.frame_ids[-1]}'
        )


def require_no_correction_missed(
    prompt: Prompt, frame: Frame, last_frame_id: int
) -> None:
    """Refuse a correction of a frame that was skipped between two that were read.

    Raises:
        ValueError: There is one.
    """
    missed_frames = [
        n for n in named_frames(prompt) if last_frame_id < n < frame.frame_id
    ]
    if missed_frames:
        raise ValueError(
            f'{frame.video.name}: a box or click corrects the track in frame '
            f'{missed_frames[0]}, which was not read: frame {frame.frame_id} follows on '
            f'{last_frame_id}. Give it for a frame that is read (see --stride)'
        )


def require_frame_not_missed(prompt: Prompt, frame: Frame, is_waiting: bool) -> None:
    """Refuse a prompt whose first frame was never read.

    Raises:
        ValueError: The video began after it, or frames are skipped over it.
    """
    prompt_frames = named_frames(prompt)
    if is_waiting and prompt_frames and frame.frame_id > prompt_frames[0]:
        raise ValueError(
            f'{frame.video.name}: the target is named in frame {prompt_frames[0]}, which was '
            f'not read: the first frame after it is {frame.frame_id}. Name it in a '
            'frame that is read (see --start and --stride)'
        )
