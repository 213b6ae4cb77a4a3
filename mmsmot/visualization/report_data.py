"""The data of a report's page about one video: plain values, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..structures import (
    ORIGINAL,
    UNTRACKED,
    Interactions,
    MotionSpan,
    SMOTDataSample,
    Trajectories,
    match_trajectories,
)
from ..utils.number_ranges import FRAME_RATE, POSITIVE, require_numbers
from .text_drawing import text_color_on
from .track_drawer import track_color

SIDES = ('pred', 'gt')
WORDS = ('captions', 'video_caption', 'interactions')
MISSED_COLOR = (0xAD, 0xA3, 0x9A)  # BGR, of true trajectories without a match
DECIMALS = 1  # of a box's pixels: half of that cannot be seen
# A hole shorter than this part of the video cannot be seen in a timeline.
SMALLEST_HOLE = 1 / 500
# A frame takes between 1/UNEVEN and UNEVEN times the usual one at a constant rate.
UNEVEN = 1.1


def report_data(
    sample: SMOTDataSample,
    times: np.ndarray | None,
    scores: Mapping[str, float | None],
    warnings: Sequence[str],
    threshold: float,
    matches: Mapping[int, int] | None = None,
    targets: Sequence[tuple[str, Trajectories]] = (),
) -> dict[str, Any]:
    """Everything the page shows but the video; values of each frame as arrays.

    Args:
        sample: Prediction, truth or both.
        times: (T,) seconds of the sample's frames in the video that is played; ``None``
            for the original video at its constant rate.
        scores: Numbers by ``'<group>/<name>'``.
        warnings: Texts to put on top.
        threshold: Least score of a predicted verb.
        matches: True id by predicted id, where they are matched already.
        targets: See :func:`~.html_report.write_html_report`.

    Raises:
        ValueError: See :func:`~.html_report.write_html_report`.
        TypeError: A score is no number.
    """
    frame_ids = _frame_ids(sample)
    require_numbers(sample.video.name, FRAME_RATE, fps=sample.video.fps)
    if times is None:
        times = report_frame_times(frame_ids, sample.video.fps)
    times = _checked_times(times, frame_ids, sample.video.name)
    sides = [side for side in SIDES if f'{side}_trajectories' in sample]
    if not sides:
        raise ValueError(
            f'{sample.video.name}: the sample has neither pred_trajectories nor '
            'gt_trajectories, so there is no track to report on'
        )
    if matches is None:
        matches = {}
        if len(sides) == 2:
            matches = match_trajectories(
                sample.gt_trajectories, sample.pred_trajectories
            )
    return {
        'name': ''.join(c if c.isprintable() else '\ufffd' for c in sample.video.name),
        'prompt': '' if sample.get('prompt') is None else str(sample.prompt),
        'fps': sample.video.fps,
        'width': sample.video.width,
        'height': sample.video.height,
        'frames': frame_ids,
        'times': np.round(times, 6),
        'end': round(float(times[-1]) + _usual_step(times, sample.video.fps), 6),
        'targets': _targets(sample, frame_ids, targets),
        'sides': {s: _side(sample, s, frame_ids, matches, threshold) for s in sides},
        'scores': _score_groups(scores),
        'warnings': [str(text) for text in warnings],
        'notes': _notes(frame_ids, times),
    }


def report_frame_times(
    frame_ids: np.ndarray, fps: float, start: int = 1, stride: int = 1
) -> np.ndarray:
    """When frames are shown by a video of constant rate.

    Args:
        frame_ids: (T,) original frame numbers.
        fps: Frames a second of the video that is *played*.
        start: The original number of its first frame.
        stride: Its frames are every ``stride``-th original frame.

    Returns:
        (T,) float64 seconds from the video's start.

    Raises:
        ValueError: ``fps`` or ``stride`` is not positive.
    """
    require_numbers('report_frame_times', POSITIVE, fps=fps, stride=stride)
    return (np.asarray(frame_ids, np.float64) - start) / stride / fps


def report_frame_runs(positions: np.ndarray, smallest_hole: int = 2) -> list[list[int]]:
    """Ascending numbers as [first, last] of each run without a hole.

    Args:
        positions: (N,) whole numbers, ascending.
        smallest_hole: The least step between two numbers that parts them.
    """
    positions = np.asarray(positions, np.int64)
    if not len(positions):
        return []
    cuts = np.flatnonzero(np.diff(positions) >= smallest_hole) + 1
    return [[int(run[0]), int(run[-1])] for run in np.split(positions, cuts)]


def _targets(
    sample: SMOTDataSample,
    frame_ids: np.ndarray,
    targets: Sequence[tuple[str, Trajectories]],
) -> list[dict[str, Any]]:
    """Each prompt with the runs of frames in which it means somebody."""
    prompt = sample.get('prompt')
    if not targets and prompt is not None and 'pred_trajectories' in sample:
        targets = [(str(prompt), sample.pred_trajectories)]
    hole = max(2, math.ceil(SMALLEST_HOLE * len(frame_ids)))
    rows = []
    for text, table in targets:
        at = np.flatnonzero(np.isin(frame_ids, table.frame_ids))
        rows.append(
            dict(
                text=text,
                runs=report_frame_runs(at, hole),
                number=len(np.unique(table.ids)),
            )
        )
    return rows


def _frame_ids(sample: SMOTDataSample) -> np.ndarray:
    for field in ('video', 'frame_ids'):
        if field not in sample:
            raise ValueError(
                f'the sample has no {field}: give SMOTDataSample(metainfo=dict(video='
                'VideoInfo, frame_ids=numbers of the frames processed))'
            )
    frame_ids = np.asarray(sample.frame_ids, np.int64)
    if not len(frame_ids) or (np.diff(frame_ids) <= 0).any():
        raise ValueError(
            f'{sample.video.name}: frame_ids must be ascending and at least one'
        )
    return frame_ids


def _checked_times(times: np.ndarray, frame_ids: np.ndarray, name: str) -> np.ndarray:
    times = np.asarray(times, np.float64).reshape(-1)
    if len(times) != len(frame_ids):
        raise ValueError(f'{name}: {len(frame_ids)} frame_ids but {len(times)} times')
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any() or times[0] < 0:
        raise ValueError(f'{name}: times must be seconds from 0 on, ascending')
    return times


def _usual_step(times: np.ndarray, fps: float) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 1 / max(fps, 1e-3)


def _notes(frame_ids: np.ndarray, times: np.ndarray) -> list[str]:
    notes: list[str] = []
    if len(times) < 3:
        return notes
    steps = np.diff(times) / np.diff(frame_ids)
    usual = np.median(steps)
    even_in_order = np.ptp(np.diff(times)) < (UNEVEN - 1) * usual
    if not even_in_order and (
        steps.max() > UNEVEN * usual or steps.min() < usual / UNEVEN
    ):
        notes.append(
            f'The frame rate varies ({1 / steps.max():.1f} to {1 / steps.min():.1f} '
            "frames a second); boxes follow the video's own time stamps."
        )
    gap = int(np.median(np.diff(frame_ids)))
    if gap > 1:
        notes.append(
            f'One frame in {gap} was processed; a box stays until the next of them.'
        )
    return notes


def _side(
    sample: SMOTDataSample,
    side: str,
    frame_ids: np.ndarray,
    matches: Mapping[int, int],
    threshold: float,
) -> dict[str, Any]:
    table = _table(sample, side, frame_ids)
    positions = {
        track_id: np.searchsorted(frame_ids, rows.frame_ids)
        for track_id, rows in table.by_id().items()
    }
    interactions = sample.get(f'{side}_interactions', Interactions.empty())
    if side == 'pred':
        interactions = interactions[interactions.scores >= threshold]
    names = _partner_ids(interactions)
    return {
        'people': _people(sample, side, table, positions, matches, frame_ids),
        'interactions': _interactions(interactions, frame_ids, positions, names),
        'partners': {i: name or 'not tracked' for name, i in names.items()},
        'caption': str(sample.get(f'{side}_video_caption', '')),
        'described': any(f'{side}_{part}' in sample for part in WORDS),
    }


def _table(sample: SMOTDataSample, side: str, frame_ids: np.ndarray) -> Trajectories:
    table = sample.get(f'{side}_trajectories')
    if table.space.name != ORIGINAL.name:
        raise ValueError(
            f'{sample.video.name}: {side}_trajectories are in {table.space}, not in the '
            "video's own. Scale them first (Trajectories.rescaled)."
        )
    is_inside = np.isin(table.frame_ids, frame_ids)
    if side == 'gt':  # a truth may be of more frames, and holds boxes to be ignored
        return table[is_inside & (table.scores > 0)]
    if not is_inside.all():
        raise ValueError(
            f'{sample.video.name}: {side}_trajectories have a box in frame '
            f'{table.frame_ids[~is_inside][0]}, which is not in frame_ids'
        )
    return table


def _people(
    sample: SMOTDataSample,
    side: str,
    table: Trajectories,
    positions: Mapping[int, np.ndarray],
    matches: Mapping[int, int],
    frame_ids: np.ndarray,
) -> list[dict[str, Any]]:
    captions = sample.get(f'{side}_captions', {})
    motions = sample.get(f'{side}_motions', {})
    match_of = matches if side == 'pred' else {g: p for p, g in matches.items()}
    match_captions = sample.get('gt_captions', {}) if side == 'pred' else {}
    compared = all(f'{s}_trajectories' in sample for s in SIDES)
    hole = max(2, math.ceil(SMALLEST_HOLE * len(sample.frame_ids)))
    rows_of, people = table.by_id(), []
    for track_id in sorted({*rows_of, *map(int, captions)}):
        rows = rows_of.get(track_id, table[:0])
        at = positions.get(track_id, np.empty(0, np.int64))
        match_id = match_of.get(track_id)
        color_id = match_id if side == 'gt' and compared else track_id
        color = MISSED_COLOR if color_id is None else track_color(color_id)
        people.append(
            {
                'id': track_id,
                'color': _css_color(color),
                'ink': _css_color(text_color_on(color)),
                'caption': str(captions.get(track_id, '')),
                'other': match_id,
                'other_caption': str(match_captions.get(match_id, '')),
                'at': at,
                'boxes': np.round(rows.boxes, DECIMALS).reshape(-1),
                'runs': report_frame_runs(at, hole),
                'motions': _motions(motions.get(track_id, ()), frame_ids),
            }
        )
    return people


def _motions(spans: Sequence[MotionSpan], frame_ids: np.ndarray) -> list[list]:
    """First and last position, motion, direction and depth of each span."""
    rows = []
    for span in spans:
        first = int(np.searchsorted(frame_ids, span.start_frame, 'left'))
        final = int(np.searchsorted(frame_ids, span.end_frame, 'right')) - 1
        if first <= final:
            rows.append([first, final, span.motion, span.direction, span.depth])
    return rows


def _partner_ids(table: Interactions) -> dict[str, int]:
    """A node of the graph, -1, -2, ..., for each class of partners without trajectory."""
    labels = table.partner_labels[~table.is_tracked].tolist()
    return {label: -number for number, label in enumerate(sorted({*labels}), 1)}


def _interactions(
    table: Interactions,
    frame_ids: np.ndarray,
    positions: Mapping[int, np.ndarray],
    partner_ids: Mapping[str, int],
) -> list[dict[str, Any]]:
    no_frames = np.empty(0, np.int64)
    rows, has_span = [], table.has_span.tolist()
    for row in range(len(table)):
        subject, target = int(table.subject_ids[row]), int(table.object_ids[row])
        start, end = int(table.start_frames[row]), int(table.end_frames[row])
        first = int(np.searchsorted(frame_ids, start, 'left')) if start else 0
        final = len(frame_ids) - 1
        if end:
            final = int(np.searchsorted(frame_ids, end, 'right')) - 1
        if has_span[row]:
            spans = [[first, final]] if first <= final else []
        else:
            sides = [i for i in (subject, target) if i != UNTRACKED]
            common = reduce(
                np.intersect1d, (positions.get(i, no_frames) for i in sides)
            )
            spans = report_frame_runs(common[(common >= first) & (common <= final)])
        partner_id = partner_ids.get(str(table.partner_labels[row]))
        rows.append(
            {
                'subject': partner_id if subject == UNTRACKED else subject,
                'object': partner_id if target == UNTRACKED else target,
                'verb': str(table.verbs[row]),
                'score': round(float(table.scores[row]), 3),
                'spans': spans,
                'known': has_span[row],
            }
        )
    return sorted(rows, key=lambda i: i['spans'][0] if i['spans'] else [math.inf])


def _css_color(color: tuple[int, int, int]) -> str:
    """``'#rrggbb'`` of a BGR colour."""
    blue, green, red = color
    return f'#{red:02x}{green:02x}{blue:02x}'


def _score_groups(scores: Mapping[str, float | None]) -> list[dict[str, Any]]:
    groups: dict[str, list[list[str]]] = {}
    for key, value in scores.items():
        if value is not None and not isinstance(value, int | float | np.number):
            raise TypeError(
                f'score {key!r} must be a number, got {type(value).__name__}. '
                'mmsmot.evaluation.smot_report.smot_report_headline makes a flat table of a report.'
            )
        group, _, name = str(key).rpartition('/')
        groups.setdefault(group, []).append([name, _number(group, value)])
    return [{'name': name, 'rows': rows} for name, rows in groups.items()]


def _number(group: str, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return '–'
    if isinstance(value, int | np.integer):
        return str(value)
    return f'{value:.2f}' if group.endswith('track') else f'{value:.3f}'
