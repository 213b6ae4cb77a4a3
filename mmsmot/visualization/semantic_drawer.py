"""Tracks, captions and interactions of a frame, drawn into it and below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np

from ..structures import Interactions, valid_boxes
from ..utils.number_ranges import NON_NEGATIVE_INT, POSITIVE, require_numbers
from .text_drawing import cut_text, draw_text, drawable_text, text_color_on, text_width
from .text_panel import TextEntry, count_panel_lines, draw_text_panel
from .track_drawer import draw_tracks, track_color

# Pixels; the text is of one size, so small images are drawn larger and large ones
# smaller.
READABLE_WIDTH, WIDEST = 640, 1280
MAX_SCALE = 8  # a narrow image of 5 x 300 pixels would be 38,400 high
PLATE_HEIGHT = 17  # pixels, of a verb's plate
ARC_POINTS = 24
HEAD_LENGTH = 14  # pixels, of an arrow's head
MIN_BULGE = 30  # pixels, of an arc over heads or along feet
DASH = 2  # of ARC_POINTS, drawn and left out in turn
OUTLINE = (20, 20, 20)
Rectangle = tuple[int, int, int, int]  # x1, y1, x2, y2


class SemanticDrawer:
    """Draws one frame of a video with tracks, interactions and captions.

    Truth and predictions are drawn alike: the drawer knows nothing of where boxes,
    captions and interactions come from, and keeps nothing from one frame to the next.

    Args:
        scale: How many times larger than the frame the image is; ``None`` for the
            smallest whole number that makes it 640 pixels wide or more, or what makes
            it 1,280 wide where the frame is wider.
        panel_lines: Lines of text below the image, so that every frame of a video
            has the same size (``lines_needed`` tells how many a video takes); ``None``
            for as many as the frame's texts take, 0 for no panel.
        senses: Write verbs with the number of their WordNet sense, ``look.v.01``;
            ``False`` for ``look``.

    Raises:
        ValueError: ``scale`` is not positive, or ``panel_lines`` is negative.
    """

    def __init__(
        self,
        scale: float | None = None,
        panel_lines: int | None = None,
        senses: bool = False,
    ) -> None:
        owner = 'SemanticDrawer'
        require_numbers(owner, POSITIVE.or_none, scale=scale)
        require_numbers(owner, NON_NEGATIVE_INT.or_none, panel_lines=panel_lines)
        self.scale = scale
        self.panel_lines = panel_lines
        self.senses = senses

    def draw(
        self,
        image: np.ndarray,
        ids: np.ndarray,
        boxes: np.ndarray,
        interactions: Interactions | None = None,
        captions: Mapping[int, str] | None = None,
        video_caption: str | None = None,
    ) -> np.ndarray:
        """Draw one frame.

        Args:
            image: (H, W, 3) uint8 BGR, not changed.
            ids: (N,) ids of this frame's boxes; each has its own colour in every video.
            boxes: (N, 4) x1, y1, x2, y2 in pixels of ``image``.
            interactions: Those that go on in this frame
                (:meth:`~mmsmot.structures.Interactions.between` picks them). An arrow
                goes from subject to object, dashed where the span is not known; one
                whose subject or object has no box in the frame is not drawn.
            captions: A text by id, for the panel; grey where the id has no box in
                the frame.
            video_caption: A text for the panel's top.

        Returns:
            (scale * H + panel, scale * W, 3) uint8 BGR, a new image.

        Raises:
            ValueError: The image is not (H, W, 3) uint8, or counts differ.
        """
        scene = self.draw_scene(image, ids, boxes, interactions)
        if self.panel_lines == 0:
            return scene
        entries = drawn_caption_entries(captions, video_caption, visible_ids=ids)
        if not entries and self.panel_lines is None:
            return scene
        panel = draw_text_panel(entries, scene.shape[1], self.panel_lines)
        return np.concatenate([scene, panel])

    def draw_scene(
        self,
        image: np.ndarray,
        ids: np.ndarray,
        boxes: np.ndarray,
        interactions: Interactions | None = None,
    ) -> np.ndarray:
        """The image alone, without a panel; arguments as in :meth:`draw`."""
        scale = self.scale_for(image.shape[1])
        boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4) * scale
        if scale != 1:
            method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)
        canvas = draw_tracks(image, ids, boxes)
        if interactions is not None and len(interactions):
            _draw_interactions(canvas, ids, boxes, interactions, self.senses)
        return canvas

    def scale_for(self, width: int) -> float:
        """How many times larger a frame of a width in pixels is drawn."""
        larger = max(1, -(-READABLE_WIDTH // width))
        return self.scale or min(larger, MAX_SCALE, WIDEST / width)

    def lines_needed(
        self,
        width: int,
        captions: Mapping[int, str] | None = None,
        video_caption: str | None = None,
    ) -> int:
        """Lines that these texts take below a frame of a width in pixels."""
        wide = round(width * self.scale_for(width))
        return count_panel_lines(drawn_caption_entries(captions, video_caption), wide)


def drawn_caption_entries(
    captions: Mapping[int, str] | None,
    video_caption: str | None,
    visible_ids: Iterable[int] | None = None,
) -> list[TextEntry]:
    """What stands in a panel: the video caption, then the captions by ascending id.

    Args:
        captions: A text by id.
        video_caption: A text for the whole video.
        visible_ids: Ids with a box in the frame; others' captions are grey. ``None``
            for all.
    """
    present_ids = None if visible_ids is None else {int(i) for i in visible_ids}
    entries = [TextEntry(video_caption)] if video_caption else []
    for track_id, text in sorted((captions or {}).items()):
        faint = present_ids is not None and track_id not in present_ids
        badge = TextEntry(text, str(track_id), track_color(int(track_id)), faint)
        entries.append(badge)
    return entries


def drawn_verb(verb: str) -> str:
    """A WordNet sense's word: ``look`` of ``look.v.01``, ``hash out`` of
    ``hash_out.v.01``; other verbs as they are."""
    word, *sense = verb.split('.')
    return word.replace('_', ' ') if len(sense) == 2 and word else verb


def _draw_interactions(
    canvas: np.ndarray,
    ids: np.ndarray,
    boxes: np.ndarray,
    interactions: Interactions,
    senses: bool,
) -> None:
    """An arc for each (subject, object), all of them below all verbs."""
    height, width = canvas.shape[:2]
    is_visible = valid_boxes(np.clip(boxes, 0, [width, height, width, height]))
    places = {int(i): b for i, b, ok in zip(ids, boxes, is_visible, strict=True) if ok}
    labels = []
    for (subject, target), (verbs, has_span) in _arrows(interactions).items():
        if subject in places and target in places:
            arc = _arc(places[subject], places[target], canvas.shape)
            _draw_arrow(canvas, arc, track_color(subject), has_span)
            names = (verb if senses else drawn_verb(verb) for verb in verbs)
            text = drawable_text(', '.join(dict.fromkeys(names)))
            labels.append((text, _beyond(arc), track_color(subject)))
    occupied = [_badge_place(box) for box in places.values()]
    for text, middle, color in labels:
        _draw_label(canvas, text, middle, color, occupied)


def _arrows(
    interactions: Interactions,
) -> dict[tuple[int, int], tuple[list[str], bool]]:
    """The verbs of each (subject, object), and whether all of their spans are known."""
    arrows: dict[tuple[int, int], tuple[list[str], bool]] = {}
    has_span = interactions.has_span
    for row in range(len(interactions)):
        subject = int(interactions.subject_ids[row])
        pair = subject, int(interactions.object_ids[row])
        verbs, all_have_span = arrows.get(pair, ([], True))
        verbs.append(str(interactions.verbs[row]))
        arrows[pair] = verbs, all_have_span and bool(has_span[row])
    return arrows


def _arc(subject: np.ndarray, target: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """(ARC_POINTS + 1, 2) points of a curve from one box to another.

    To the right it goes over the heads and to the left along the feet, so that the two
    arrows of a pair that acts on each other lie apart, and none covers a body. One that
    has no room there takes the other way, outside of the arrow that belongs there.
    """
    rightwards = subject[0] + subject[2] <= target[0] + target[2]
    over = _goes_over(rightwards, subject, target, shape[0])
    side, sign = (1, -1) if over else (3, 1)
    ends = np.array([[(box[0] + box[2]) / 2, box[side]] for box in (subject, target)])
    limits = np.array([shape[1] - 1, shape[0] - 1])
    ends = np.clip(ends, 3, limits - 3)
    bulge = MIN_BULGE + 0.2 * np.linalg.norm(ends[1] - ends[0])
    bulge += 0 if over == rightwards else 2 * MIN_BULGE
    level = ends[:, 1].min() - bulge if over else ends[:, 1].max() + bulge
    # Two control points at one level lift the curve over unequal heights as well.
    drop = sign * max(0.0, sign * (level - ends[:, 1]).mean())
    # Boxes that stand close: a loop wide enough to differ from a line.
    widen = max(0.0, MIN_BULGE - 0.5 * abs(ends[1, 0] - ends[0, 0]))
    spread = np.array([-widen, widen]) * (1 if rightwards else -1)
    control = np.column_stack([ends[:, 0] + spread, ends[:, 1] + drop])
    control = np.clip(control, 6, limits - 6)
    t = np.linspace(0, 1, ARC_POINTS + 1)[:, None]
    return (
        (1 - t) ** 3 * ends[0]
        + 3 * (1 - t) ** 2 * t * control[0]
        + 3 * (1 - t) * t**2 * control[1]
        + t**3 * ends[1]
    )


def _goes_over(
    rightwards: bool, subject: np.ndarray, target: np.ndarray, height: int
) -> bool:
    """Whether an arrow goes over the heads rather than along the feet."""
    above = min(subject[1], target[1]) >= MIN_BULGE
    below = max(subject[3], target[3]) <= height - MIN_BULGE
    return above if above != below else rightwards


def _beyond(arc: np.ndarray) -> np.ndarray:
    """(2,) where an arc's text stands: off its middle, so that both can be seen."""
    middle, ends = arc[ARC_POINTS // 2], (arc[0] + arc[-1]) / 2
    side = 1 if middle[1] > ends[1] else -1
    return middle + [0, side * (PLATE_HEIGHT / 2 + 2)]


def _draw_arrow(
    canvas: np.ndarray, arc: np.ndarray, color: tuple[int, int, int], has_span: bool
) -> None:
    tip = arc[-1]
    # Without what the head covers, or a blunt end would stand out beyond its tip.
    line = arc[np.linalg.norm(arc - tip, axis=1) > 0.7 * HEAD_LENGTH]
    line = line if len(line) > 1 else arc[:2]
    direction = (tip - line[-1]) / max(np.linalg.norm(tip - line[-1]), 1e-6)
    points = np.round(line).astype(np.int32)
    step = len(points) if has_span else DASH
    for ink, width in ((OUTLINE, 4), (color, 2)):
        for start in range(0, len(points) - 1, step if has_span else 2 * DASH):
            piece = points[start : start + step + 1].reshape(-1, 1, 2)
            cv2.polylines(canvas, [piece], False, ink, width, cv2.LINE_AA)
    base = tip - HEAD_LENGTH * direction
    across = 0.5 * HEAD_LENGTH * np.array([-direction[1], direction[0]])
    head = np.round([tip, base + across, base - across]).astype(np.int32)
    cv2.fillPoly(canvas, [head], color, cv2.LINE_AA)
    cv2.polylines(canvas, [head], True, OUTLINE, 1, cv2.LINE_AA)


def _badge_place(box: np.ndarray) -> Rectangle:
    """About where ``draw_tracks`` writes the id."""
    x, y = round(float(box[0])), round(float(box[1]))
    return x, y - PLATE_HEIGHT, x + 2 * PLATE_HEIGHT, y


def _draw_label(
    canvas: np.ndarray,
    text: str,
    middle: np.ndarray,
    color: tuple[int, int, int],
    occupied: list[Rectangle],
) -> None:
    """The verbs on a plate around ``middle``, or in the nearest free place."""
    height, width = canvas.shape[:2]
    text = cut_text(text, max(width - 6, 0))
    wide = text_width(text) + 6
    x = int(np.clip(middle[0] - wide / 2, 0, max(width - wide, 0)))
    ideal_top = middle[1] - PLATE_HEIGHT / 2
    room = max(height - PLATE_HEIGHT - 1, 0)
    tops = sorted(range(0, room + 1), key=lambda top: abs(top - ideal_top))
    places = [
        (x, top, x + wide, top + PLATE_HEIGHT) for top in tops[: 8 * PLATE_HEIGHT]
    ]
    free = (p for p in places if not any(_overlap(p, plate) for plate in occupied))
    place = next(free, places[0])
    occupied.append(place)
    cv2.rectangle(canvas, place[:2], place[2:], color, cv2.FILLED)
    cv2.rectangle(canvas, place[:2], place[2:], OUTLINE, 1)
    origin = place[0] + 3, place[1] + PLATE_HEIGHT - 5
    draw_text(canvas, text, origin, text_color_on(color))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
