"""A dataset of whole videos and its ground truth, for scoring without a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..datasets.bensmot.split import split_folder
from ..datasets.mot_challenge import HALVES
from ..datasets.video_dataset import VideoDataset
from ..registry import DATASETS
from ..structures import SMOTDataSample


def gt_samples(dataset: VideoDataset) -> Iterator[SMOTDataSample]:
    """One sample with the ground truth for each video; no image is decoded."""
    return (dataset[i]['data_samples'] for i in range(len(dataset)))


def open_gt_dataset(
    settings: Mapping[str, Any] | None = None,
    data_root: str | os.PathLike | None = None,
    split: str | None = None,
    sequences: Sequence[str] | None = None,
    vocabulary: str | None = None,
) -> VideoDataset:
    """A dataset of whole videos.

    Args:
        settings: A config's dataset.
        data_root: A folder instead, or in place of the config's: BenSMOT or SynSMOT
            where it has sequences ``<split>/<activity>/<sequence>``, else MOTChallenge.
        split: Of BenSMOT and SynSMOT, or a half of MOTChallenge, whose other splits are
            folders of their own; ``None`` for the one of ``settings``, ``test`` without.
        sequences: Names or patterns to take.
        vocabulary: Verbs of the truth, as of ``BenSMOTDataset``; ``None`` leaves them as
            the config or the dataset has them.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It holds no sequence, or there is neither config nor folder.
    """
    if settings is None:
        if data_root is None:
            raise ValueError('the truth is missing: give a config or a data_root')
        settings = _of_folder(Path(data_root), split or 'test')
    else:
        replaced = {'data_root': data_root, 'split': split}
        settings = {
            **settings,
            **{key: str(value) for key, value in replaced.items() if value is not None},
        }
    settings = {**settings, 'test_mode': True, 'lazy_init': False}
    if vocabulary is not None:
        settings['vocabulary'] = vocabulary
    if sequences is not None:
        settings['sequences'] = list(sequences)
    return DATASETS.build(settings)


def _of_folder(root: Path, split: str) -> dict[str, Any]:
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: no such folder (looked from {os.getcwd()})')
    folder = split_folder(root, split)
    for mark in ('gt', 'imgs'):
        if next(root.glob(f'{folder}/*/*/{mark}'), None) is not None:
            return dict(
                type='BenSMOTDataset',
                data_root=str(root),
                split=split,
                described_only=False,
            )
    return dict(
        type='MOTChallengeDataset',
        data_root=str(root),
        split=split if split in HALVES else None,
    )
