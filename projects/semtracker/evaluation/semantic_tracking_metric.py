"""The measures of semantic tracking, over samples of (video, prompt)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmsmot.registry import METRICS
from mmsmot.structures import Prompt
from mmsmot.utils.number_ranges import FRACTION, require_choice, require_numbers
from projects.semtracker.datasets.episode_labels import frame_labels
from projects.semtracker.datasets.interaction_classes import VERBS, read_classes
from projects.semtracker.datasets.relation_tracks import RelationTracks
from projects.semtracker.evaluation.interaction_f1 import (
    f1_scores,
    frame_counts,
    verbs_by_frame,
)
from projects.semtracker.evaluation.st_map import MODES
from projects.semtracker.evaluation.target_success import (
    TargetSuccess,
    false_alarms,
    target_success,
)
from projects.semtracker.evaluation.track_scores import track_scores
from projects.semtracker.evaluation.trajectory_accuracy import (
    EventMatches,
    matched_events,
)


@dataclass(frozen=True, eq=False)
class EpisodeResult:
    """What one (video, prompt) gave.

    Attributes:
        success: Of the boxes.
        tracks: Truth and prediction with a class a frame; ``None`` without semantics.
        counts: (V, 3) of verbs by frame; ``None`` without semantics.
        swapped_counts: The same with subject and object of the prediction exchanged.
        events: Of the semantic trajectory; ``None`` without semantics.
    """

    success: TargetSuccess
    tracks: tuple[RelationTracks, RelationTracks] | None = None
    counts: np.ndarray | None = None
    swapped_counts: np.ndarray | None = None
    events: EventMatches | None = None


@METRICS.register_module()
class SemanticTrackingMetric(BaseMetric):
    """Success of the target, ST-mAP, TrackMAP, MTIR, interaction F1, trajectory accuracy.

    Scores of what was not predicted (a config that only tracks) are absent.
    Frames up to the one whose box or click names the target are left out of all of them:
    there the box is given. Three are controls: ``f1_micro_roles_swapped`` is the micro F1
    with subject and object of the predictions exchanged, far below ``f1_micro`` where roles
    are told apart; ``st_map_silent`` and ``MTIR_silent`` are of the predicted boxes without
    any event, which is right wherever nothing happens. ``false_alarms`` is the share of all
    frames without their target, ``absent_frames``, that have a box.

    Args:
        verbs: The V interaction classes.
        classes: A file of them in their place
            (:func:`~projects.semtracker.datasets.interaction_classes.read_classes`).
        groups: Verbs by frequency group, ``dict(head=[...], middle=[...], tail=[...])``;
            ``None`` for none.
        iou_threshold: A predicted box covers the target from this IoU on. A verb that is
            predicted along another box, or where the target has none, is a false alarm of
            the F1, and the true verb is missed; the trajectory accuracy takes an event
            only where half of its boxes cover the target.
        mode: ``'fixed'`` or ``'released'``, of ST-mAP and MTIR.
        collect_device: Device that ranks exchange results on.
        prefix: Of the scores' names.
    """

    default_prefix = 'semtrack'

    def __init__(
        self,
        *,
        verbs: Sequence[str] = VERBS,
        classes: str | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        iou_threshold: float = 0.5,
        mode: str = 'fixed',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        require_numbers('SemanticTrackingMetric', FRACTION, iou_threshold=iou_threshold)
        require_choice('SemanticTrackingMetric', MODES, mode=mode)
        self.verbs = tuple(verbs) if classes is None else read_classes(classes)[0]
        self.groups = {
            verb: group for group, members in (groups or {}).items() for verb in members
        }
        unknown_verbs = sorted({*self.groups} - {*self.verbs})
        if unknown_verbs:
            raise ValueError(f'SemanticTrackingMetric: groups has {unknown_verbs[0]!r}')
        self.iou_threshold = iou_threshold
        self.mode = mode

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of samples.

        Raises:
            KeyError: A sample has no ground truth.
        """
        self.results += [self._result(sample) for sample in data_samples]

    def compute_metrics(self, results: list[EpisodeResult]) -> dict[str, float]:
        """The scores of all samples together; see the class."""
        scores: dict[str, float] = {}
        for name in ('success', 'precision', 'normalised_precision'):
            values = np.array([getattr(part.success, name) for part in results])
            finite_values = values[~np.isnan(values)]
            scores[name] = (
                float(finite_values.mean()) if len(finite_values) else float('nan')
            )
        successes = [part.success for part in results]
        scores['false_alarms'] = false_alarms(successes)
        scores['absent_frames'] = float(sum(part.absent_frames for part in successes))
        described_results = [part for part in results if part.tracks is not None]
        if not described_results:
            return scores
        scores |= track_scores([part.tracks for part in described_results], self.mode)
        counts = np.sum([part.counts for part in described_results], axis=0)
        scores |= f1_scores(counts, self.verbs, self.groups)
        swapped_counts = np.sum(
            [part.swapped_counts for part in described_results], axis=0
        )
        swapped_f1 = f1_scores(swapped_counts, self.verbs, {})
        scores['f1_micro_roles_swapped'] = swapped_f1['f1_micro']
        scores |= sum(
            (part.events for part in described_results), EventMatches()
        ).scores()
        return scores

    def _result(self, sample: dict) -> EpisodeResult:
        named_frame = first_named_frame(sample.get('prompt'))
        gt, pred = (
            table[table.frame_ids > named_frame]
            for table in (sample['gt_trajectories'], sample['pred_trajectories'])
        )
        frame_ids = np.asarray(sample['frame_ids'])
        success = target_success(gt, pred, frame_ids, named_frame)
        interactions = sample.get('pred_interactions')
        if interactions is None or 'gt_interactions' not in sample:
            return EpisodeResult(success)
        gt_interactions = sample['gt_interactions']
        tracks = (
            RelationTracks.of_target(gt, gt_interactions, self.verbs),
            RelationTracks.of_target(pred, interactions, self.verbs),
        )
        gt_verbs, _ = frame_labels(gt_interactions, gt.frame_ids, self.verbs, ())
        pred_verbs, _ = frame_labels(interactions, pred.frame_ids, self.verbs, ())
        gt_verbs, pred_verbs = verbs_by_frame(
            gt_verbs, pred_verbs, gt, pred, self.iou_threshold
        )
        return EpisodeResult(
            success,
            tracks,
            frame_counts(gt_verbs, pred_verbs, len(self.verbs)),
            frame_counts(gt_verbs, pred_verbs[:, ::-1], len(self.verbs)),
            matched_events(
                gt_interactions,
                interactions,
                gt,
                pred,
                first_frame=named_frame + 1,
                iou_threshold=self.iou_threshold,
            ),
        )


def first_named_frame(prompt: Prompt | None) -> int:
    """The frame whose box or click names the target, 0 for none."""
    if prompt is None:
        return 0
    return min([*prompt.boxes, *prompt.points], default=0)
