"""A contact sheet and a clip of each video of a dataset, with its annotations."""

from __future__ import annotations

import os
from collections.abc import Iterator

import cv2
import numpy as np

from ..datasets.ground_truth import GroundTruth
from ..datasets.image_sequence import ImageSequence
from ..structures import UNTRACKED, Interactions, Trajectories
from ..utils.atomic import atomic_path
from ..utils.number_ranges import FRAME_RATE, require_numbers
from .contact_sheet import evenly_spaced_frames
from .semantic_drawer import SemanticDrawer, drawn_caption_entries, drawn_verb
from .text_drawing import cut_text, draw_text, drawable_text, text_width
from .text_panel import FAINT, TextEntry, count_panel_lines, draw_text_panel
from .video_writer import VideoWriter

SHEET_FRAMES, SHEET_COLUMNS = 6, 3
TILE_WIDTH = 480  # pixels of a sheet's image
JPEG_QUALITY = 85
GAP = 4  # pixels between images
TITLE_SIZE = 12  # pixels of an em, of an image's title
# Of text. A JPEG has at most 65,535 rows, and encoders take far fewer of a video's.
MAX_SHEET_LINES, MAX_CLIP_LINES = 1000, 40
MIN_CLIP_WIDTH = 16  # pixels, of one block of H.264
MAX_CLIP_WIDTH = 8192  # pixels, of 8K and of H.264's highest level
NO_BOXES = (np.empty(0, np.int64), np.empty((0, 4)))  # ids and boxes


def draw_dataset_sheet(
    video: ImageSequence,
    truth: GroundTruth,
    num_frames: int = SHEET_FRAMES,
    columns: int = SHEET_COLUMNS,
    tile_width: int = TILE_WIDTH,
) -> np.ndarray:
    """A video at a glance: some of its frames, and below them all annotations.

    The frames are evenly spread, then moved so that each interaction whose span is
    known is in one of them, as far as there are enough.

    Args:
        video: Its images.
        truth: Boxes, captions and interactions, as far as they are annotated.
        num_frames: Images in the sheet.
        columns: Images in a row.
        tile_width: Width of an image in pixels.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        ValueError: The video has no images, or one cannot be read.
    """
    require_browser_images(video)
    frame_ids = browser_sheet_frames(video.frame_ids, truth.interactions, num_frames)
    tiles = []
    boxes = browser_boxes_by_frame(truth.trajectories)
    drawer = SemanticDrawer(scale=tile_width / _width(video))
    for position in np.searchsorted(video.frame_ids, frame_ids).tolist():
        frame = video.frame_at(position)
        ids, frame_boxes = boxes.get(frame.frame_id, NO_BOXES)
        active = browser_interactions_at(truth.interactions, frame.frame_id)
        image = drawer.draw_scene(frame.image, ids, frame_boxes, active)
        tiles.append(_titled(image, f'frame {frame.frame_id}'))
    grid = _grid(tiles, min(columns, len(tiles)))
    title = TextEntry(
        f'{video.video.name}: {browser_summary_line(video, truth)}', faint=True
    )
    captions = drawn_caption_entries(truth.captions, truth.video_caption)
    entries = [title, *captions, *browser_interaction_entries(truth.interactions)]
    lines = min(count_panel_lines(entries, grid.shape[1]), MAX_SHEET_LINES)
    return np.concatenate([grid, draw_text_panel(entries, grid.shape[1], lines)])


def write_dataset_sheet(image: np.ndarray, path: str | os.PathLike) -> None:
    """Write a sheet as JPEG, atomically.

    Raises:
        OSError: It could not be written.
    """
    with atomic_path(path) as temporary:
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if not cv2.imwrite(str(temporary), image, options):
            raise OSError(f'{path}: could not be written; is the disk full?')


def write_dataset_clip(
    video: ImageSequence,
    truth: GroundTruth,
    path: str | os.PathLike,
    scale: float | None = None,
    fps: float | None = None,
) -> None:
    """Write a video with all annotations, as H.264, atomically.

    Captions that take more than ``MAX_CLIP_LINES`` lines are shown while those they are
    about are in view.

    Args:
        video: Its images.
        truth: Boxes, captions and interactions, as far as they are annotated.
        path: An ``.mp4``.
        scale: See :class:`~mmsmot.visualization.semantic_drawer.SemanticDrawer`.
        fps: Frames per second, ``None`` for the video's own.

    Raises:
        ValueError: The video has no images, or one cannot be read; ``fps`` is no
            frame rate, or ``scale`` makes images narrower than ``MIN_CLIP_WIDTH`` or
            wider than ``MAX_CLIP_WIDTH``.
    """
    require_numbers('write_dataset_clip', FRAME_RATE.or_none, fps=fps)
    require_browser_images(video)
    captions = truth.captions or {}
    drawer = SemanticDrawer(scale)
    width = _width(video)
    if scale is not None and scale * width > MAX_CLIP_WIDTH:
        raise ValueError(
            f'write_dataset_clip: scale {scale:g} would make images {scale * width:g} pixels '
            f'wide, more than {MAX_CLIP_WIDTH}, which no player shows. Give at most '
            f'{MAX_CLIP_WIDTH / width:g}.'
        )
    if scale is not None and scale * width < MIN_CLIP_WIDTH:
        raise ValueError(
            f'write_dataset_clip: scale {scale:g} would make images {scale * width:g} pixels '
            f'wide, less than {MIN_CLIP_WIDTH}. Give at least {MIN_CLIP_WIDTH / width:g}.'
        )
    lines = drawer.lines_needed(width, captions, truth.video_caption)
    drawer.panel_lines = min(lines, MAX_CLIP_LINES)
    boxes = browser_boxes_by_frame(truth.trajectories)
    with VideoWriter(path, video.video.fps if fps is None else fps) as writer:
        for frame in video:
            ids, frame_boxes = boxes.get(frame.frame_id, NO_BOXES)
            active = browser_interactions_at(truth.interactions, frame.frame_id)
            texts = captions
            if lines > MAX_CLIP_LINES:
                texts = {i: captions[i] for i in ids.tolist() if i in captions}
            writer.write(
                drawer.draw(
                    frame.image, ids, frame_boxes, active, texts, truth.video_caption
                )
            )


def browser_boxes_by_frame(
    trajectories: Trajectories | None,
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """(N,) ids and (N, 4) boxes by frame number; no frame without a box."""
    if trajectories is None:
        return {}
    return {f: (t.ids, t.boxes) for f, t in trajectories.by_frame().items()}


def browser_interactions_at(
    interactions: Interactions | None, frame_id: int
) -> Interactions | None:
    """The interactions that go on in a frame; those without a span always do."""
    return interactions and interactions.between(frame_id, frame_id)


def browser_sheet_frames(
    frame_ids: np.ndarray, interactions: Interactions | None, count: int
) -> np.ndarray:
    """At most ``count`` frames, ascending, among them one of each interaction's span.

    Args:
        frame_ids: (T,) frame numbers, ascending.
        interactions: Whose spans to show; ``None`` for evenly spread frames.
        count: The number of frames.
    """
    sheet_ids = evenly_spaced_frames(frame_ids, count)
    if interactions is None:
        return sheet_ids
    free_slots = set(range(len(sheet_ids)))
    with_span = interactions[interactions.has_span]
    spans = zip(with_span.start_frames, with_span.end_frames, strict=True)
    # The shortest first: a long one is in some frame anyway.
    for start, end in sorted(spans, key=lambda span: span[1] - span[0]):
        inside = frame_ids[(frame_ids >= start) & (frame_ids <= end)]
        slots = np.flatnonzero((sheet_ids >= start) & (sheet_ids <= end)).tolist()
        if not len(inside):
            continue
        middle = inside[len(inside) // 2]
        if not slots and free_slots:
            slots = [
                min(free_slots, key=lambda slot: abs(int(sheet_ids[slot] - middle)))
            ]
            sheet_ids[slots[0]] = middle
        free_slots -= set(slots[:1])
    return np.unique(sheet_ids)


def browser_interaction_entries(interactions: Interactions | None) -> list[TextEntry]:
    """A line for all interactions: subject, verb, object, and the span if annotated."""
    if interactions is None or not len(interactions):
        return []
    return [TextEntry('; '.join(_clauses(interactions)))]


def _clauses(interactions: Interactions) -> Iterator[str]:
    for row in range(len(interactions)):
        start = int(interactions.start_frames[row])
        end = int(interactions.end_frames[row])
        span = f' ({start or "?"}-{end or "?"})' if start or end else ''
        partner = str(interactions.partner_labels[row]) or '(not tracked)'
        subject, target = (
            partner if ids[row] == UNTRACKED else ids[row]
            for ids in (interactions.subject_ids, interactions.object_ids)
        )
        yield f'{subject} {drawn_verb(str(interactions.verbs[row]))} {target}{span}'


def browser_summary_line(video: ImageSequence, truth: GroundTruth) -> str:
    """Numbers of frames, trajectories and interactions."""
    trajectories = truth.trajectories
    num_ids = 0 if trajectories is None else len(np.unique(trajectories.ids))
    pairs = truth.interactions.as_pairs() if truth.interactions is not None else {}
    num_verbs = sum(map(len, pairs.values()))
    return (
        f'{len(video)} frames, {video.video.fps:g} a second, {num_ids} trajectories, '
        f'{num_verbs} interactions'
    )


def require_browser_images(video: ImageSequence) -> None:
    """Raise ``ValueError`` where a video has no images to draw on."""
    if video.image_paths is None:
        raise ValueError(
            f'{video.video.name}: no images in {video.video.path}, nothing to draw on'
        )


def _width(video: ImageSequence) -> int:
    return video.video.width or video.frame_at(0).image.shape[1]


def _titled(image: np.ndarray, text: str) -> np.ndarray:
    """An image with a line of text in its lower right corner."""
    line = cut_text(drawable_text(text), image.shape[1] - 6, TITLE_SIZE)
    bottom, right = image.shape[0], image.shape[1]
    x, y = right - text_width(line, TITLE_SIZE) - 6, bottom - TITLE_SIZE - 4
    cv2.rectangle(image, (x, y), (right, bottom), (0, 0, 0), cv2.FILLED)
    draw_text(image, line, (x + 3, bottom - 4), (255, 255, 255), TITLE_SIZE)
    return image


def _grid(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    height = max(tile.shape[0] for tile in tiles)
    width = max(tile.shape[1] for tile in tiles)
    rows = -(-len(tiles) // columns)
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    grid = np.full(size, FAINT, np.uint8)
    for number, tile in enumerate(tiles):
        y = number // columns * (height + GAP)
        x = number % columns * (width + GAP)
        grid[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return grid
