"""The strict protocol and that of SMOTer's release: what of a video is compared.

Both turn the truth and the prediction of one video into a :class:`ProtocolComparison`: captions
to compare and labelled pairs to count. The scores of these are the same for both but for
the caption scorers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..structures import (
    Interactions,
    SMOTDataSample,
    match_official,
    match_trajectories,
)
from .interactions import PairVerbs, gt_pair_verbs, predicted_pair_verbs

STRICT, RELEASE = 'strict', 'release'
STRICT_MIN_IOU = 0.5


@dataclass(frozen=True)
class ProtocolComparison:
    """What one protocol compares in one video.

    Attributes:
        captions: (true caption, predicted caption) of trajectories; ``''`` for a true
            trajectory that was missed or not described.
        ids: (true id, predicted id or -1) of each.
        spurious: Described trajectories that are none.
        pairs: The labelled pairs.
        video: (true caption, predicted caption) of the video, ``None`` without a truth.
        unjudged: What has no truth here: ``'captions'``, ``'interactions'``,
            ``'video_caption'``.
        gt_of: True id by predicted id of the matched trajectories.
    """

    captions: list[tuple[str, str]]
    ids: list[tuple[int, int]]
    spurious: int
    pairs: list[PairVerbs]
    video: tuple[str, str] | None
    unjudged: tuple[str, ...] = field(default=())
    gt_of: Mapping[int, int] = field(default_factory=dict)


def preprocess_by_protocol(sample: SMOTDataSample) -> SMOTDataSample:
    """The sample with the truth that tracking scores count, and no other.

    Boxes with score 0 ("ignore") and boxes on frames that are not among ``frame_ids``
    (of a damaged video, or one read with a stride) go, and with them the captions of
    trajectories that lose all boxes and the pairs that hold in no frame.
    """
    gt, frame_ids = sample.gt_trajectories, np.sort(sample.frame_ids)
    scored_gt = gt[(gt.scores != 0) & np.isin(gt.frame_ids, frame_ids)]
    if len(scored_gt) == len(gt):
        return sample
    lost_ids = np.setdiff1d(gt.ids, scored_gt.ids)
    truth = {'gt_trajectories': scored_gt}
    if 'gt_captions' in sample:
        captions = sample.gt_captions.items()
        truth['gt_captions'] = {i: text for i, text in captions if i not in lost_ids}
    if 'gt_interactions' in sample:
        pairs = sample.gt_interactions
        # 0 stands for a start or an end that is not known.
        end_frames = np.where(pairs.end_frames > 0, pairs.end_frames, np.inf)
        start = np.searchsorted(frame_ids, pairs.start_frames, 'left')
        is_visible = start < np.searchsorted(frame_ids, end_frames, 'right')
        is_lost = np.isin(pairs.subject_ids, lost_ids)
        is_lost |= np.isin(pairs.object_ids, lost_ids)
        truth['gt_interactions'] = pairs[is_visible & ~is_lost]
    cut = SMOTDataSample(metainfo=sample.metainfo)
    cut.set_data({**dict(sample.items()), **truth})
    return cut


def compare_by_strict_protocol(
    sample: SMOTDataSample, min_iou: float = STRICT_MIN_IOU
) -> ProtocolComparison:
    """One-to-one matching; missed and spurious trajectories count.

    Trajectories are matched by :func:`~mmsmot.structures.match_trajectories`. Every true
    caption is an item, with an empty prediction where its trajectory was missed. Every
    true pair is an item; so is every predicted pair that is not a true one, also if one
    of its ends matches no true trajectory. Only the truth of :func:`preprocess_by_protocol`
    counts.

    Args:
        sample: Truth and prediction.
        min_iou: Least mean IoU of a match over the union of frames.
    """
    sample = preprocess_by_protocol(sample)
    gt_of = match_trajectories(
        sample.gt_trajectories, sample.pred_trajectories, min_iou
    )
    pred_of = {gt: pred for pred, gt in gt_of.items()}
    truth, pred_captions = _true_captions(sample), _pred_captions(sample)
    captions, ids = [], []
    for gt_id, text in truth.items():
        pred_id = pred_of.get(gt_id, -1)
        captions.append((text, pred_captions.get(pred_id, '')))
        ids.append((gt_id, pred_id))
    spurious = sum(
        bool(pred_captions[i].strip()) for i in pred_captions if i not in gt_of
    )
    return ProtocolComparison(
        captions,
        ids,
        spurious if truth else 0,
        _strict_pairs(sample, gt_of),
        _video_captions(sample),
        _unjudged(sample),
        gt_of,
    )


def compare_official(sample: SMOTDataSample) -> ProtocolComparison:
    """The rules of SMOTer's release.

    True trajectories without a caption are dropped; a prediction is matched by
    :func:`~mmsmot.structures.match_official`, many to one; only matched predictions
    and, among their ordered pairs, only those whose true pair interacts are compared.
    Only the truth of :func:`preprocess_by_protocol` counts.
    """
    sample = preprocess_by_protocol(sample)
    truth, pred_captions = _true_captions(sample), _pred_captions(sample)
    gt = sample.gt_trajectories
    described = gt[[int(i) in truth for i in gt.ids]] if len(gt) else gt
    gt_of = match_official(described, sample.pred_trajectories)
    captions = [
        (truth[gt_id], pred_captions.get(i, '').lower()) for i, gt_id in gt_of.items()
    ]
    real, pred_pairs = gt_pair_verbs(sample), predicted_pair_verbs(sample)
    pairs = []
    for i, gt_i in gt_of.items():
        for j, gt_j in gt_of.items():
            if i != j and (gt_i, gt_j) in real:
                pairs.append(PairVerbs(real[gt_i, gt_j], pred_pairs.get((i, j), {})))
    return ProtocolComparison(
        captions,
        [(gt_id, i) for i, gt_id in gt_of.items()],
        0,
        pairs,
        _video_captions(sample, lower=True),
        _unjudged(sample),
        gt_of,
    )


def _strict_pairs(sample: SMOTDataSample, gt_of: Mapping[int, int]) -> list[PairVerbs]:
    if 'gt_interactions' not in sample:
        return []
    real, spurious = gt_pair_verbs(sample), []
    items = {pair: PairVerbs(verbs, {}) for pair, verbs in real.items()}
    overlaps = _overlaps(sample, gt_of)
    for (i, j), scores in predicted_pair_verbs(sample).items():
        pair = gt_of.get(i), gt_of.get(j)
        if pair in real:
            items[pair] = PairVerbs(real[pair], scores, overlaps.get(pair, {}))
        else:
            spurious.append(PairVerbs(frozenset(), scores))
    return list(items.values()) + spurious


def _overlaps(
    sample: SMOTDataSample, gt_of: Mapping[int, int]
) -> dict[tuple[int, int], dict[str, float]]:
    """IoU in time of each true pair's verbs, where both truth and prediction have them.

    Verbs without a true span have none; a predicted one without a span always holds.
    """
    truth = sample.gt_interactions.of_tracked()
    truth = truth[truth.has_span]
    real = _frames_of(truth, sample.frame_ids)
    predicted = sample.get('pred_interactions', Interactions.empty()).of_tracked()
    # A mask of frames for each of a crowd's predicted rows would fill the memory.
    rows = [(gt_of.get(i), gt_of.get(j), v) in real for i, j, v in _keys(predicted)]
    predicted = predicted[np.flatnonzero(rows)]
    overlaps: dict[tuple[int, int], dict[str, float]] = {}
    for (i, j, verb), frames in _frames_of(predicted, sample.frame_ids).items():
        pair = gt_of[i], gt_of[j]
        true_frames = real[(*pair, verb)]
        union = np.sum(frames | true_frames)
        overlap = np.sum(frames & true_frames) / max(union, 1)
        overlaps.setdefault(pair, {})[verb] = float(overlap)
    return overlaps


def _keys(table: Interactions) -> Iterator[tuple[int, int, str]]:
    """(subject, object, verb) of each row."""
    columns = table.subject_ids, table.object_ids, table.verbs
    return zip(*(column.tolist() for column in columns), strict=True)


def _frames_of(
    table: Interactions, frame_ids: np.ndarray
) -> dict[tuple[int, int, str], np.ndarray]:
    """(T,) bool of each (subject, object, verb): the frames in which it holds."""
    frames: dict[tuple[int, int, str], np.ndarray] = {}
    ends = np.where(table.end_frames > 0, table.end_frames, np.inf)
    inside = (frame_ids >= table.start_frames[:, None]) & (frame_ids <= ends[:, None])
    for key, row in zip(_keys(table), inside, strict=True):
        frames[key] = frames.get(key, False) | row
    return frames


def _true_captions(sample: SMOTDataSample) -> dict[int, str]:
    """The captions of trajectories, without empty ones."""
    present = set(sample.gt_trajectories.ids.tolist())
    texts = sample.get('gt_captions', {})
    return {i: t for i, t in texts.items() if i in present and t.strip()}


def _pred_captions(sample: SMOTDataSample) -> dict[int, str]:
    return dict(sample.get('pred_captions', {}))


def _video_captions(
    sample: SMOTDataSample, lower: bool = False
) -> tuple[str, str] | None:
    truth = sample.get('gt_video_caption', '')
    if not truth.strip():
        return None
    prediction = sample.get('pred_video_caption', '')
    return truth, prediction.lower() if lower else prediction


def _unjudged(sample: SMOTDataSample) -> tuple[str, ...]:
    fields = ('captions', 'interactions', 'video_caption')
    return tuple(name for name in fields if f'gt_{name}' not in sample)
