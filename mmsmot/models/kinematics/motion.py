"""What a track does by itself: stays, goes, which way, how fast, through which side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...structures import MotionSpan
from ...structures.runs import run_slices
from .motion_options import MotionOptions
from .track_kinematics import Kinematics
from .track_samples import BOTTOM, LEFT, RIGHT

# Logarithm of how much wider the box of somebody may become whose height is not seen and
# who stays: elbows and bags make it a fifth wider, half of the way to the camera twice.
MAX_WIDENING = 0.2
# Seconds without a box that somebody goes on with what was done before: behind the sign of
# PETS09-S2L1 a person who stopped was lost for 1.8.
MAX_UNSEEN = 1.0
MAX_BREAK = 1.0  # seconds of an unknown camera between two segments that are one


@dataclass(frozen=True)
class MotionSegment:
    """A part of a track in which it does one thing.

    Attributes:
        moves: Whether it gets somewhere.
        is_sure: Whether it is known to move, or to stay.
        start, end: Seconds.
        first_frame, last_frame: Inclusive.
        lateral: ``'left'``, ``'right'`` or ``''``, in the image.
        depth: ``'nearer'``, ``'away'`` or ``''``.
        gait: ``'walk'``, ``'run'`` or ``''`` where the legs do not show it.
        pace: ``'slow'``, ``'fast'`` or ``''``.
        is_upright: Whether the box is as narrow as that of somebody who stands.
        place_start, place_end: Position of the middle of the box in the image, 0 to 1
            from the left.
        right, away: Way gone, body heights.
    """

    moves: bool
    is_sure: bool
    start: float
    end: float
    first_frame: int
    last_frame: int
    lateral: str = ''
    depth: str = ''
    gait: str = ''
    pace: str = ''
    is_upright: bool = False
    place_start: float = 0.5
    place_end: float = 0.5
    right: float = 0.0
    away: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start

    @property
    def is_clear(self) -> bool:
        """Whether it is sure and, of one that moves, the way is known."""
        return self.is_sure and (not self.moves or bool(self.lateral or self.depth))


@dataclass(frozen=True)
class Motion:
    """What a track does, in order.

    Attributes:
        segments: Its parts.
        entry: Side of the image through which it came, ``''`` where that was not seen.
        exit: Side through which it left.
        start, end: Seconds.
        place: Where it was first in the image, 0 to 1 from the left.
    """

    segments: tuple[MotionSegment, ...]
    entry: str = ''
    exit: str = ''
    start: float = 0.0
    end: float = 0.0
    place: float = 0.5

    def seconds_moving(self, start: float, end: float, gait: str = '') -> float:
        """How long somebody moves between two times.

        Args:
            start: Seconds.
            end: Seconds.
            gait: ``'walk'`` or ``'run'``: only while the legs show that.
        """
        return sum(
            max(0.0, min(segment.end, end) - max(segment.start, start))
            for segment in self.segments
            if segment.moves and gait in ('', segment.gait)
        )


def describe_motion(
    track: Kinematics,
    options: MotionOptions,
    *,
    width: int,
    video_start: float,
    video_end: float,
) -> Motion:
    """The segments of one track.

    Args:
        track: Its samples, one or more.
        options: What is sure.
        width: Of the image, pixels.
        video_start: Seconds of the first frame: who is there then did not come in.
        video_end: Seconds of the last frame.
    """
    segments = []
    for epoch in run_slices(track.samples['epoch']):
        followed = track[epoch]
        if len(followed) < len(track) and not followed.is_followed[0]:
            continue  # of a camera that is not known
        for rows, moves in _runs(followed, options):
            part = followed[rows]
            paths = _path_parts(part, options) if moves else [slice(0, len(part))]
            for path in paths:
                segments.append(_segment(part[path], moves, options, width))
    return Motion(
        tuple(_merged(segments, options)),
        _entry(track, video_start),
        _exit(track, video_end),
        float(track.time[0]),
        float(track.time[-1]),
        float(np.clip(track.x[0] / width, 0, 1)),
    )


def motion_spans(motion: Motion) -> list[MotionSpan]:
    """The segments that are sure, as results hold them."""
    return [
        MotionSpan(
            segment.first_frame,
            segment.last_frame,
            (segment.gait or 'move')
            if segment.moves
            else ('stand' if segment.is_upright else 'stay'),
            segment.lateral,
            segment.depth,
        )
        for segment in motion.segments
        if segment.is_clear
    ]


def _runs(track: Kinematics, options: MotionOptions) -> Iterator[tuple[slice, bool]]:
    """Rows in which the track moves, or not.

    Each begins where the last ended, or, where it was lost in between, after that: nobody
    saw when it stopped or set out.
    """
    time = track.time
    moving = _hysteresis(track.speed, options.still_speed, options.move_speed)
    for rows in run_slices(moving):
        end = min(rows.stop, len(time) - 1)
        is_inside = rows.start > 0 and rows.stop < len(time)
        if moving[rows.start] or not is_inside:
            continue
        if time[end] - time[rows.start] < options.min_still:
            moving[rows] = True
    for rows in run_slices(moving):
        # Who creeps gets somewhere, too, and who takes half a step does not.
        reach = slice(rows.start, min(rows.stop + 1, len(time)))
        moving[rows] = _travel(track, reach) >= options.min_travel
    for rows in run_slices(moving):
        last_row = rows.stop - 1
        is_followed = rows.stop < len(time)
        if is_followed and time[rows.stop] - time[last_row] <= MAX_UNSEEN:
            last_row = rows.stop
        yield slice(rows.start, last_row + 1), bool(moving[rows.start])


def _hysteresis(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """(N,) mask of runs above ``low`` that reach ``high``."""
    mask = values > low
    for rows in run_slices(mask):
        if mask[rows.start] and values[rows].max() < high:
            mask[rows] = False
    return mask


def _way(track: Kinematics) -> np.ndarray:
    """(N,) complex way gone since the first sample: right + i away, body heights."""
    velocity = track.right + 1j * track.away
    steps = (velocity[1:] + velocity[:-1]) / 2 * np.diff(track.time)
    return np.concatenate([[0j], np.cumsum(steps)])


def _travel(track: Kinematics, rows: slice) -> float:
    """How far from its start a part of the track gets."""
    return float(np.abs(_way(track[rows])).max())


def _path_parts(track: Kinematics, options: MotionOptions) -> list[slice]:
    """The nearly straight parts of a way, of nearly even pace."""
    way, time = _way(track), track.time
    end = len(way) - 1

    def is_part(start: int, stop: int) -> bool:
        return bool(
            time[stop] - time[start] >= options.min_path
            and abs(way[stop] - way[start]) >= options.min_travel
        )

    bounds = [0]
    for corner in _corners(way, time, 0, end, options.turn_tolerance):
        if is_part(bounds[-1], corner):
            bounds.append(corner)
    while len(bounds) > 1 and not is_part(bounds[-1], end):
        bounds.pop()
    pairs = zip(bounds, [*bounds[1:], end], strict=True)
    return [slice(start, stop + 1) for start, stop in pairs]


def _corners(
    way: np.ndarray, time: np.ndarray, start: int, end: int, tolerance: float
) -> list[int]:
    """Rows between ``start`` and ``end`` where the way turns.

    Distances are from where an even pace along the chord would be at that time: to and fro
    on one line is no straight way (Meratnia and de By, Spatiotemporal Compression
    Techniques for Moving Point Objects, EDBT 2004).
    """
    if end - start < 2:
        return []
    rows = slice(start, end + 1)
    share = (time[rows] - time[start]) / (time[end] - time[start])
    distance = np.abs(way[rows] - way[start] - share * (way[end] - way[start]))
    row = int(distance.argmax())
    if distance[row] < tolerance:
        return []
    middle = start + row
    return [
        *_corners(way, time, start, middle, tolerance),
        middle,
        *_corners(way, time, middle, end, tolerance),
    ]


def _segment(
    part: Kinematics, moves: bool, options: MotionOptions, width: int
) -> MotionSegment:
    """One part of a track, named."""
    samples, time = part.samples, part.time
    places = np.clip(part.x[[0, -1]] / width, 0, 1)
    is_upright = bool(np.median(part.aspect) <= options.upright_aspect)
    duration = float(time[-1] - time[0])
    # What happened while nobody looked is not known.
    is_sure = bool(np.diff(time).max(initial=0.0) <= max(duration / 2, options.max_gap))
    if not moves:
        is_sure &= _travel(part, slice(None)) <= options.max_sway
        is_sure &= duration >= options.min_duration
        is_sure &= bool(part.is_sized.mean() >= 0.5) or _keeps_width(part)
    segment = MotionSegment(
        moves,
        is_sure,
        float(time[0]),
        float(time[-1]),
        int(samples['first_frame'][0]),
        int(samples['last_frame'][-1]),
        is_upright=is_upright and bool(part.is_scaled[0]),
        place_start=float(places[0]),
        place_end=float(places[1]),
    )
    if not moves:
        return segment
    way = _way(part)[-1]
    growth = float(np.sum(np.diff(time) * (part.growth[1:] + part.growth[:-1]) / 2))
    right, away = float(way.real), float(way.imag)
    lateral = depth = ''
    if abs(right) >= max(options.lateral_travel, 0.2 * abs(away)):
        lateral = 'right' if right > 0 else 'left'
    is_deep = abs(away) >= max(options.lateral_travel, 0.5 * abs(right))
    if is_deep and _is_scaling(part, growth, away, options):
        depth = 'away' if away > 0 else 'nearer'
    gait, pace = _gait(part, abs(right) / max(segment.duration, 1e-3), options)
    if abs(away) > 0.3 * abs(right) and pace == 'slow':
        pace = ''  # how far it is from the camera is known too badly
    return replace(
        segment,
        lateral=lateral,
        depth=depth,
        gait=gait if segment.is_upright else '',
        pace=pace if lateral and part.is_sized.mean() >= 0.5 else '',
        right=right,
        away=away,
    )


def _keeps_width(part: Kinematics) -> bool:
    """Whether a box whose height is not seen stays as wide as it was, as far as seen."""
    is_wide = part.samples['cut'] & (LEFT | RIGHT) == 0
    if is_wide.sum() < max(4, 0.5 * len(part)):
        return False
    boxes = part.samples['box'][is_wide]
    widths = np.abs(part.samples['turn'][is_wide]) * (boxes[:, 2] - boxes[:, 0])
    count = max(1, len(widths) // 5)
    growth = np.log(np.maximum(np.median(widths[-count:]), 1)) - np.log(
        np.maximum(np.median(widths[:count]), 1)
    )
    return bool(abs(growth) <= MAX_WIDENING)


def _is_scaling(
    part: Kinematics, growth: float, away: float, options: MotionOptions
) -> bool:
    """Whether a box changes as that of somebody does who comes nearer or goes away.

    Args:
        part: Of a track.
        growth: Logarithm of how much higher the box is at the end.
        away: Way gone away from the camera, body heights.
        options: What is sure.
    """
    duration = float(np.ptp(part.time))
    is_plain = (
        duration >= options.min_path and abs(away) <= options.run_limit * duration
    )
    if not is_plain or abs(growth) < options.min_growth or (growth < 0) != (away > 0):
        return False
    # Arms, bags and what hides the feet change the shape of the box; a distance does not.
    count = max(1, len(part) // 5)
    aspects = np.log(part.aspect)
    if abs(aspects[-count:].mean() - aspects[:count].mean()) > abs(growth) / 2:
        return False
    # Before a camera as low as a child's eyes the feet go down as boxes grow.
    return bool(_feet_travel(part) * np.sign(growth) >= 0.3 * abs(growth))


def _feet_travel(part: Kinematics) -> float:
    """How far the feet go down in the image, body heights, the camera at rest."""
    points = part.samples['turn'] * (part.x + 1j * part.feet) + part.samples['shift']
    sizes = np.abs(part.samples['turn']) * part.height
    count = max(1, len(part) // 5)  # the mean of the first and of the last fifth
    start, end = points[:count].mean(), points[-count:].mean()
    axes = np.conj(part.samples['turn'][-1]) / abs(part.samples['turn'][-1])
    return float(((end - start) * axes).imag / np.median(sizes))


def _gait(
    part: Kinematics, lateral_speed: float, options: MotionOptions
) -> tuple[str, str]:
    """How somebody moves whose legs are seen to move, and how fast."""
    speed = float(np.median(part.speed))
    legs, torso = part.samples['legs'], part.samples['torso']
    is_whole = (part.samples['cut'] == 0) & (part.samples['occlusion'] < 0.2)
    is_known = np.isfinite(legs) & is_whole
    has_gait = is_known.sum() >= 4 and bool(
        np.median(legs[is_known] / np.maximum(torso[is_known], 1.0))
        >= options.gait_ratio
    )
    if options.fast_speed <= lateral_speed:
        is_run = has_gait and lateral_speed <= options.run_limit
        return ('run' if is_run else '', 'fast')
    pace = 'slow' if speed < options.slow_speed else ''
    return ('walk' if has_gait and speed < options.fast_speed else '', pace)


def _merged(
    segments: list[MotionSegment], options: MotionOptions
) -> Iterator[MotionSegment]:
    """Join neighbours that read the same."""
    joined: MotionSegment | None = None
    for segment in segments:
        if joined is None:
            joined = segment
        elif _reads_same(joined, segment):
            longer = max(joined, segment, key=lambda part: part.duration)
            joined = replace(
                longer,
                start=joined.start,
                first_frame=joined.first_frame,
                place_start=joined.place_start,
                end=segment.end,
                last_frame=segment.last_frame,
                place_end=segment.place_end,
                right=joined.right + segment.right,
                away=joined.away + segment.away,
            )
        else:
            yield joined
            joined = segment
    if joined is not None:
        yield joined


def _reads_same(segment: MotionSegment, next_segment: MotionSegment) -> bool:
    ways = [
        (part.moves, part.is_sure, part.lateral, part.depth)
        for part in (segment, next_segment)
    ]
    is_near = next_segment.start - segment.end <= MAX_BREAK
    return ways[0] == ways[1] and is_near


def _entry(track: Kinematics, video_start: float) -> str:
    """The side through which a track came into the image."""
    if track.time[0] - video_start < 0.5:
        return ''
    early = slice(0, max(1, int(np.searchsorted(track.time, track.time[0] + 0.5))))
    return _side(track, int(np.bitwise_or.reduce(track.samples['cut'][early])), 0, 1)


def _exit(track: Kinematics, video_end: float) -> str:
    """The side through which it left."""
    if video_end - track.time[-1] < 0.5:
        return ''
    late = slice(int(np.searchsorted(track.time, track.time[-1] - 0.5)), None)
    return _side(track, int(np.bitwise_or.reduce(track.samples['cut'][late])), -1, -1)


def _side(track: Kinematics, cut: int, row: int, sign: int) -> str:
    """The side of those that cut the box towards which it moves out of the image."""
    right = sign * float(track.right[row])
    if cut & LEFT and right > 0.1:
        return 'left'
    if cut & RIGHT and right < -0.1:
        return 'right'
    away = sign * float(track.away[row])
    if cut & BOTTOM and away > 0.1 and not cut & (LEFT | RIGHT):
        return 'bottom'
    return ''
