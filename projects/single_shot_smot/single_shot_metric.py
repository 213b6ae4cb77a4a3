"""The measures of the single-shot SMOT paper's tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmsmot.evaluation import (
    evaluate_sequence,
    format_table,
)
from mmsmot.evaluation.preprocessing import require_preprocessing
from mmsmot.evaluation.result_names import result_name
from mmsmot.evaluation.tracking import (
    COMBINED,
    combine_tracking_sequences,
    tracking_sequence_data,
)
from mmsmot.models.trackers.association import linear_assignment
from mmsmot.registry import METRICS
from mmsmot.structures import Trajectories, VideoInfo

EPS = np.finfo(float).eps
# Where each column stands in trackeval's results; fractions are printed in percent.
COLUMNS = {
    'MOTA': ('CLEAR', 'MOTA'),
    'IDF1': ('Identity', 'IDF1'),
    'IDP': ('Identity', 'IDP'),
    'IDR': ('Identity', 'IDR'),
    'transfers': ('CLEAR', 'transfers'),
    'F1': ('CLEAR', 'CLR_F1'),
    'precision': ('CLEAR', 'CLR_Pr'),
    'recall': ('CLEAR', 'CLR_Re'),
    'switches': ('CLEAR', 'IDSW'),
    'tracks': ('Count', 'IDs'),
}
COUNTS = ('transfers', 'switches', 'tracks')


@METRICS.register_module()
class SingleShotMetric(BaseMetric):
    """MOTA, IDF1, IDP, IDR, transfers, F1, precision, recall, switches and tracks.

    The columns of the paper's Table 1, at IoU .5, and the number of predicted tracks. A
    switch is an object that goes over to another track; a transfer is a track that goes
    over to another object.

    Args:
        preprocessing: See :func:`~mmsmot.evaluation.evaluate_sequence`.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Of the scores' names.

    Raises:
        ValueError: There is no such preprocessing.
    """

    default_prefix = 'single_shot'

    def __init__(
        self,
        *,
        preprocessing: str = 'auto',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        require_preprocessing(preprocessing)
        self.preprocessing = preprocessing

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of videos; only counts are kept.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries.
        """
        for sample in data_samples:
            if 'gt_trajectories' not in sample:
                continue
            result, transfers = score_video(
                sample['gt_trajectories'],
                sample['pred_trajectories'],
                sample['frame_ids'],
                self.preprocessing,
                sample['video'],
            )
            self.results.append((result_name(sample), result, transfers))

    def compute_metrics(
        self, results: list[tuple[str, dict[str, dict[str, Any]], int]]
    ) -> dict[str, float]:
        """Print the table and return the row of all videos together.

        Raises:
            ValueError: No video has ground truth, or two have the same name.
        """
        if not results:
            raise ValueError(
                'SingleShotMetric: no video has ground truth to score with'
            )
        rows = table_rows(results)
        print_log('\n' + format_table(rows), logger='current')
        return rows[COMBINED]


def score_video(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    preprocessing: str,
    video: VideoInfo,
) -> tuple[dict[str, dict[str, Any]], int]:
    """The result and the transfers of a video.

    Args: those of :func:`~mmsmot.evaluation.evaluate_sequence`, whose result it is.
    """
    arguments = gt, pred, frame_ids, preprocessing, video
    transfers = count_transfers(tracking_sequence_data(*arguments)[0])
    return evaluate_sequence(*arguments), transfers


def table_rows(
    results: list[tuple[str, dict[str, dict[str, Any]], int]],
) -> dict[str, dict[str, float]]:
    """The row of each video by name, and of all together (``COMBINED``).

    Args:
        results: Name of a video, its result of
            :func:`~mmsmot.evaluation.evaluate_sequence`, and its transfers.

    Raises:
        ValueError: Two videos have the same name.
    """
    results = sorted(results, key=lambda entry: entry[0])
    rows = {name: _row(result, count) for name, result, count in results}
    if len(rows) < len(results):
        raise ValueError(
            'SingleShotMetric: scores are kept by name, and several videos share one: '
            + ', '.join(rows)
        )
    transfers = sum(row['transfers'] for row in rows.values())
    num_tracks = sum(row['tracks'] for row in rows.values())
    combined = combine_tracking_sequences({name: result for name, result, _ in results})
    rows[COMBINED] = {**_row(combined, transfers), 'tracks': num_tracks}
    return rows


def count_transfers(data: dict[str, Any], threshold: float = 0.5) -> int:
    """How often a track goes over from one object to another.

    Tracks and objects are matched as CLEAR does it: what was matched in the last frame
    stays so, the rest by the greatest total IoU.

    Args:
        data: trackeval's arrays, see :func:`~mmsmot.evaluation.tracking.tracking_sequence_data`.
        threshold: Least IoU of a match.
    """
    last_object = np.full(data['num_tracker_ids'], -1)  # that each track was matched to
    last_frame = np.full(data['num_gt_ids'], -1)  # the track of each in the last frame
    transfers = 0
    for gt_ids, track_ids, iou in zip(
        data['gt_ids'], data['tracker_ids'], data['similarity_scores'], strict=True
    ):
        if not len(gt_ids) or not len(track_ids):
            continue  # trackeval keeps the matches through such a frame
        weights = 1000 * (track_ids == last_frame[gt_ids][:, None]) + iou
        weights[iou < threshold - EPS] = 0
        rows, columns = linear_assignment(-weights)
        is_match = weights[rows, columns] > EPS
        objects, tracks = gt_ids[rows[is_match]], track_ids[columns[is_match]]
        previous_objects = last_object[tracks]
        transfers += int(
            ((previous_objects >= 0) & (previous_objects != objects)).sum()
        )
        last_object[tracks] = objects
        last_frame[:] = -1
        last_frame[objects] = tracks
    return transfers


def _row(result: dict[str, dict[str, Any]], transfers: int) -> dict[str, float]:
    """The columns of a result: percent, and counts as integers."""
    row = {}
    for column, (metric, key) in COLUMNS.items():
        value = transfers if column == 'transfers' else result[metric][key]
        row[column] = int(value) if column in COUNTS else float(100 * value)
    return row
