"""Score predictions in SemTrack's JSON against its annotations, without a model.

    python projects/semtracker/tools/score_predictions.py GT_JSON PREDICTIONS_JSON

``--mode released`` counts as the published evaluation does, with its bugs; F1 has no such
mode. F1 is of the target's boxes: the predicted ones that are marked main, with the best
class of each role. "Silent" are the predicted boxes without any interaction.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from projects.semtracker.datasets.relation_tracks import (
        NO_RELATION,
        RelationTracks,
    )
    from projects.semtracker.datasets.semtrack_json import (
        SemTrackFile,
        read_semtrack_json,
    )
    from projects.semtracker.datasets.semtrack_predictions import (
        read_semtrack_predictions,
    )
    from projects.semtracker.evaluation.interaction_f1 import (
        f1_scores,
        frame_counts,
        verbs_by_frame,
    )
    from projects.semtracker.evaluation.st_map import MODES
    from projects.semtracker.evaluation.track_scores import track_scores

TITLES = dict(
    st_map='ST-mAP',
    st_mar='ST-mAR',
    st_map_silent='ST-mAP, silent',
    track_map='TrackMAP',
    MTI='MTI',
    MTIR='MTIR',
    MTIR_silent='MTIR, silent',
    f1_micro='F1 micro',
    f1_macro='F1 macro',
)
LEAST_IOU = 0.5  # of a predicted box that covers the target, as of the metric


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('gt', help='annotations in the TAO-style JSON')
    parser.add_argument('predictions', help='list of predicted boxes')
    parser.add_argument('--mode', choices=MODES, default='fixed')
    parser.add_argument(
        '--strict', action='store_true', help='refuse annotations that need mending'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    gt = read_semtrack_json(args.gt, args.strict)
    predictions = read_semtrack_predictions(args.predictions, gt)
    scores = prediction_scores(gt, predictions, args.mode)
    print('| ' + ' | '.join(TITLES.values()) + ' |\n|' + '---:|' * len(TITLES))
    cells = [
        f'{scores[name]:.0f}' if name == 'MTI' else f'{100 * scores[name]:.1f}'
        for name in TITLES
    ]
    print('| ' + ' | '.join(cells) + ' |')


def prediction_scores(
    gt: SemTrackFile, predictions: Sequence[RelationTracks], mode: str = 'fixed'
) -> dict[str, float]:
    """ST-mAP, TrackMAP, CLEARTR and F1, by the names of :data:`TITLES`.

    Args:
        gt: The annotations.
        predictions: A table for each of ``gt.queries``.
        mode: Of ST-mAP and CLEARTR.
    """
    tracks = [
        (query.tracks, table)
        for query, table in zip(gt.queries, predictions, strict=True)
    ]
    coverage = [query.annotated for query in gt.queries]
    scores = track_scores(tracks, mode, coverage)
    ids = sorted(gt.relations)
    counts = np.zeros((len(ids), 3), np.int64)
    for pair in tracks:
        boxes = [table[table.is_main] for table in pair]
        gt_verbs, pred_verbs = (best_verbs(table, ids) for table in boxes)
        verbs = verbs_by_frame(gt_verbs, pred_verbs, *boxes, LEAST_IOU)
        counts += frame_counts(*verbs, len(ids))
    return scores | f1_scores(counts, [str(number) for number in ids], {})


def best_verbs(tracks: RelationTracks, ids: Sequence[int]) -> np.ndarray:
    """(R, 2) place from 1 of the best class as subject and as object, 0 for none."""
    roles = tracks.subject_relations[:, 0], tracks.object_relations[:, 0]
    classes = np.stack(roles, axis=1)
    return np.where(classes == NO_RELATION, 0, 1 + np.searchsorted(ids, classes))


if __name__ == '__main__':
    run_tool(main)
