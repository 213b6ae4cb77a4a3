"""Predictions on disk and the dataset with their ground truth."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..datasets.video_dataset import VideoDataset
from ..engine import load_config
from ..evaluation.external_results import ExternalResults
from ..evaluation.gt_dataset import open_gt_dataset
from ..evaluation.saved_predictions import SavedPredictions, open_saved_predictions


def open_predictions_and_gt(
    results: str | os.PathLike,
    frame_numbers: str = 'original',
    config: str | None = None,
    data_root: str | None = None,
    split: str | None = None,
    sequences: Sequence[str] | None = None,
    vocabulary: str | None = None,
) -> tuple[SavedPredictions | ExternalResults, VideoDataset]:
    """Open saved predictions, by video, and the dataset with their ground truth.

    Args:
        results: A folder of predictions, ours or another program's.
        frame_numbers: ``'original'`` or ``'position'``, of another program's files.
        config: Its test dataset has the truth; ``None``: ``data_root`` says it.
        data_root: See :func:`~mmsmot.evaluation.gt_dataset.open_gt_dataset`, as the rest.
        split: Split; ``None`` for that of ``config``, ``test`` without.
        sequences: Names or patterns to take.
        vocabulary: Verbs of the truth.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: A folder holds nothing of the kind.
    """
    predictions = open_saved_predictions(results, frame_numbers)
    settings = None
    if config is not None:
        settings = load_config(config).test_dataloader.dataset.to_dict()
    dataset = open_gt_dataset(settings, data_root, split, sequences, vocabulary)
    if isinstance(predictions, ExternalResults):
        predictions.vocabulary = getattr(dataset, 'vocabulary', None)
    return predictions, dataset
