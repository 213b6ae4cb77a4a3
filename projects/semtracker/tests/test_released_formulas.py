"""ST-mAP and CLEARTR against the released formulas, written out frame by frame.

The loops below follow what the released evaluation computes (sutdcv/SemTrack, ``st_map.py``
and ``clear_tr.py``), with no array and no function of the package; the package must agree
on random worlds of several sequences, categories and tracks.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from projects.semtracker.datasets.relation_tracks import RelationTracks
from projects.semtracker.evaluation.clear_tr import clear_tr
from projects.semtracker.evaluation.st_map import st_map

THRESHOLDS = [0.05 * k for k in range(1, 20)]
RECALLS = [k / 100 for k in range(101)]
EPS = float(np.finfo(float).eps)

# Means over the thresholds of ST-AP and ST-AR, then MTI and MTIR: of the loops below, for
# `world(seed)`. They tell when loops and package change together.
GOLDEN = {
    (0, 'released'): (0.341602, 0.442982, 2, 0.4),
    (0, 'fixed'): (0.065555, 0.219298, 2, 0.4),
    (1, 'released'): (0.097412, 0.163158, 2, 1 / 3),
    (1, 'fixed'): (0.008755, 0.042105, 0, 0.0),
    (2, 'released'): (0.206015, 0.390351, 4, 0.5),
    (2, 'fixed'): (0.064595, 0.188596, 4, 0.5),
    (3, 'released'): (0.469081, 0.600877, 5, 5 / 9),
    (3, 'fixed'): (0.333743, 0.425439, 5, 5 / 9),
}


def world(seed: int) -> list[tuple[RelationTracks, RelationTracks]]:
    """Three sequences of two categories; boxes and classes are often, not always, right."""
    rng = np.random.default_rng(seed)
    return [random_sequence(rng) for _ in range(3)]


def random_sequence(rng: np.random.Generator) -> tuple[RelationTracks, RelationTracks]:
    gt_rows, dt_rows, number_of = [], [], iter(rng.permutation(np.arange(1, 40)))
    for track_id in range(1, 1 + int(rng.integers(1, 5))):
        label, is_main = int(rng.integers(2)), bool(rng.integers(2))
        corner, speed = rng.uniform(0, 80, 2), rng.uniform(-2, 2, 2)
        frames = np.arange(rng.integers(1, 5), rng.integers(9, 14))
        classes = rng.integers(-1, 2, 2)
        dt_id, score = int(next(number_of)), float(rng.random())
        quality = rng.choice([0.5, 3.0])
        breaks_at = int(rng.choice([99, 8]))
        for frame in frames.tolist():
            low = corner + speed * frame
            box = [*low, *(low + 10)]
            if rng.random() < 0.2:
                classes = rng.integers(-1, 2, 2)
            gt_rows.append((frame, track_id, box, label, is_main, classes, 1.0))
            if rng.random() < 0.06:
                continue
            if frame == breaks_at:
                dt_id = int(next(number_of))
            best = np.where(rng.random(2) < 0.8, classes, rng.integers(-1, 3, 2))
            dt_box = (np.array(box) + rng.normal(0, quality, 4)).tolist()
            dt_main = is_main if rng.random() < 0.9 else not is_main
            dt_rows.append((frame, dt_id, dt_box, label, dt_main, best, score))
    for _ in range(int(rng.integers(0, 3))):  # false tracks
        dt_id, label, low = (
            int(next(number_of)),
            int(rng.integers(2)),
            rng.uniform(0, 80),
        )
        for frame in range(2, 8):
            box = [low, low, low + 10, low + 10]
            classes = rng.integers(-1, 2, 2)
            dt_rows.append(
                (frame, dt_id, box, label, True, classes, float(rng.random()))
            )
    return relation_tracks(gt_rows), relation_tracks(
        sorted(dt_rows, key=lambda r: r[0])
    )


def relation_tracks(rows: list[tuple]) -> RelationTracks:
    frames, ids, boxes, labels, mains, classes, scores = zip(*rows, strict=True)
    subject, object_ = np.array(classes).T[..., None]
    return RelationTracks(
        np.array(frames),
        np.array(ids),
        np.array(boxes, float),
        np.array(labels),
        np.array(mains),
        subject,
        object_,
        np.array(scores),
    )


def tracks_of(table: RelationTracks, category: int) -> dict[int, dict[int, dict]]:
    """Boxes by track and frame, the tracks in the order of the file."""
    tracks: dict[int, dict[int, dict]] = {}
    for row in range(len(table)):
        if table.labels[row] == category:
            tracks.setdefault(int(table.ids[row]), {})[int(table.frame_ids[row])] = (
                dict(
                    box=table.boxes[row].tolist(),
                    main=bool(table.is_main[row]),
                    subject=table.subject_relations[row].tolist(),
                    object=table.object_relations[row].tolist(),
                    score=float(table.scores[row]),
                )
            )
    return tracks


def area(box: list[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def intersection(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def track_iou(dt: dict[int, dict], gt: dict[int, dict]) -> float:
    inter = sum(intersection(dt[f]['box'], gt[f]['box']) for f in dt if f in gt)
    total = sum(area(b['box']) for track in (dt, gt) for b in track.values())
    return inter / (total - inter)


def is_right(dt: dict, gt: dict, released: bool) -> bool:
    """One frame in which both have a box; the truth has one class a role."""
    (subject,), (object_,) = gt['subject'], gt['object']
    if not released and subject == object_ == -1:
        return all(c == -1 for c in (*dt['subject'], *dt['object']))
    roles = ('subject', 'object') if dt['main'] == gt['main'] else ('object', 'subject')
    counted = range(-1 if released else 0, 99)
    return any(
        c in counted and c in dt[r]
        for c, r in zip((subject, object_), roles, strict=True)
    )


def relation_rate(dt: dict[int, dict], gt: dict[int, dict], released: bool) -> float:
    frames = {*dt, *gt}
    right = [f in dt and f in gt and is_right(dt[f], gt[f], released) for f in frames]
    return sum(right) / len(frames)


def greedy_matches(ious: list[list[float]], threshold: float) -> list[int]:
    """The best free true track of each prediction, -1 for none; the last of equals."""
    taken: set[int] = set()
    matches = []
    for overlaps in ious:
        best, match = min(threshold, 1 - 1e-10), -1
        for column, iou in enumerate(overlaps):
            if column not in taken and iou >= best - EPS:
                best, match = iou, column
        if match >= 0:
            taken.add(match)
        matches.append(match)
    return matches


def sequence_hits(gt, dt, category: int, released: bool) -> tuple[list[tuple], int]:
    """(score, hit at each threshold) of each prediction, and the number of true tracks."""
    gt_tracks = [*tracks_of(gt, category).values()]
    dt_tracks = [*tracks_of(dt, category).values()]
    scores = [sum(b['score'] for b in t.values()) / len(t) for t in dt_tracks]
    order = sorted(range(len(dt_tracks)), key=lambda k: -scores[k])  # stable
    ious = [[track_iou(dt_tracks[k], g) for g in gt_tracks] for k in order]
    # Released: sorted boxes, and rates that stay in the file's order.
    rate_order = range(len(order)) if released else order
    rates = [
        [relation_rate(dt_tracks[k], g, released) for g in gt_tracks]
        for k in rate_order
    ]
    hits, last_rate = [], 1.0
    for threshold in THRESHOLDS:
        matches = greedy_matches(ious, threshold)
        is_hit = [match >= 0 for match in matches]
        for row, match in enumerate(matches):
            if match >= 0 and released:
                last_rate = rates[row][match]
            elif match >= 0:
                is_hit[row] = rates[row][match] >= 0.7
        if released and gt_tracks and is_hit and last_rate < 0.7:
            is_hit[-1] = False  # the gate stands behind the loop
        hits.append(is_hit)
    columns = zip(*hits, strict=True)
    return [(scores[k], hit) for k, hit in zip(order, columns, strict=False)], len(
        gt_tracks
    )


def naive_st_map(sequences, released: bool) -> tuple[list[float], list[float]]:
    """AP and AR at each threshold, averaged over the categories."""
    categories = sorted({int(c) for gt, _ in sequences for c in gt.labels})
    curves = []
    for category in categories:
        parts = [sequence_hits(gt, dt, category, released) for gt, dt in sequences]
        predictions = [p for part, _ in parts for p in part]
        num_gt = sum(count for _, count in parts)
        predictions.sort(key=lambda p: -p[0])
        curves.append(
            [
                precision_recall([hit[t] for _, hit in predictions], num_gt)
                for t in range(19)
            ]
        )
    ap, ar = np.array(curves).mean(axis=0).T
    return ap.tolist(), ar.tolist()


def precision_recall(hits: list[bool], num_gt: int) -> tuple[float, float]:
    """Mean of the best precision at 101 recalls, and the greatest recall."""
    points = []
    for k in range(1, len(hits) + 1):
        num_hits = sum(hits[:k])
        points.append((num_hits / num_gt, num_hits / k))
    at_recall = [
        max((p for r, p in points if r >= recall), default=0.0) for recall in RECALLS
    ]
    return sum(at_recall) / 101, points[-1][0] if points else 0.0


def naive_clear_tr(sequences, released: bool) -> tuple[int, float]:
    """MTI and MTIR."""
    num_mti = num_tracks = 0
    for gt, dt in sequences:
        for category in sorted({*gt.labels.tolist()}):
            gt_tracks = tracks_of(gt, category)
            num_tracks += len(gt_tracks)
            tracked, right = (dict.fromkeys(gt_tracks, 0) for _ in range(2))
            previous: dict[int, int] = {}
            for frame in range(1, 20):
                gt_boxes, dt_boxes = (
                    boxes_in(part, category, frame) for part in (gt, dt)
                )
                if not gt_boxes or not dt_boxes:
                    continue
                previous = best_assignment(gt_boxes, dt_boxes, previous)
                frame_right = released_frame([*gt_boxes.values()], [*dt_boxes.values()])
                for gt_id, dt_id in previous.items():
                    tracked[gt_id] += 1
                    pair = dt_boxes[dt_id], gt_boxes[gt_id]
                    right[gt_id] += frame_right if released else is_right(*pair, False)
            num_mti += sum(
                tracked[i] / len(track) > 0.8 and right[i] / tracked[i] > 0.7
                for i, track in gt_tracks.items()
            )
    return num_mti, num_mti / num_tracks


def boxes_in(table: RelationTracks, category: int, frame: int) -> dict[int, dict]:
    """A frame's boxes by track, in the order of the file."""
    rows = [r for r in range(len(table)) if table.frame_ids[r] == frame]
    tracks = tracks_of(table, category)
    return {
        int(table.ids[r]): tracks[int(table.ids[r])][frame]
        for r in rows
        if table.labels[r] == category
    }


def best_assignment(gt: dict, dt: dict, previous: dict[int, int]) -> dict[int, int]:
    """Of all assignments the one with the most continued tracks, then the most overlap."""

    def value(gt_id: int, dt_id: int | None) -> float:
        if dt_id is None:
            return 0.0
        a, b = gt[gt_id]['box'], dt[dt_id]['box']
        inter = intersection(a, b)
        iou = inter / (area(a) + area(b) - inter)
        return 0.0 if iou < 0.5 - EPS else iou + 1000 * (previous.get(gt_id) == dt_id)

    choices = permutations([*dt, *[None] * len(gt)], len(gt))
    best = max(choices, key=lambda c: sum(map(value, gt, c)))
    return {g: d for g, d in zip(gt, best, strict=True) if value(g, d) > EPS}


def released_frame(gt: list[dict], dt: list[dict]) -> bool:
    """A frame's boxes as a whole, by NumPy's ``in``, which broadcasts."""

    def holds(item: list, values: list) -> bool:
        try:
            return bool(np.array(item) in np.array(values))
        except ValueError:
            return False  # shapes that do not fit: False in the NumPy of the release

    subjects, objects = ([b[role][0] for b in gt] for role in ('subject', 'object'))
    dt_subjects, dt_objects = ([b[role] for b in dt] for role in ('subject', 'object'))
    if holds([b['main'] for b in gt], [b['main'] for b in dt]):
        return holds(subjects, dt_subjects) or holds(objects, dt_objects)
    return holds(subjects, dt_objects)


@pytest.mark.parametrize('mode', ['released', 'fixed'])
@pytest.mark.parametrize('seed', range(12))
def test_the_package_agrees_with_the_loops(seed: int, mode: str) -> None:
    sequences = world(seed)
    scores = st_map(sequences, mode)
    ap, ar = naive_st_map(sequences, mode == 'released')
    np.testing.assert_allclose(scores['TI_AP_all'], ap, atol=1e-12)
    np.testing.assert_allclose(scores['TI_AR_all'], ar, atol=1e-12)
    mti, mtir = naive_clear_tr(sequences, mode == 'released')
    assert clear_tr(sequences, mode) == {'MTI': mti, 'MTIR': pytest.approx(mtir)}
    if (seed, mode) in GOLDEN:
        values = np.mean(ap), np.mean(ar), mti, mtir
        assert values == pytest.approx(GOLDEN[seed, mode], abs=5e-7)


def test_the_worlds_tell_the_modes_apart() -> None:
    """The bugs show in them, so that agreement says something."""
    differs = {'st_map': 0, 'clear_tr': 0}
    for seed in range(12):
        sequences = world(seed)
        maps = [st_map(sequences, m)['TI_AP_all'].mean() for m in ('fixed', 'released')]
        counts = [clear_tr(sequences, m)['MTI'] for m in ('fixed', 'released')]
        differs['st_map'] += maps[0] != maps[1]
        differs['clear_tr'] += counts[0] != counts[1]
    assert differs['st_map'] >= 6 and differs['clear_tr'] >= 3
