"""Scores of runs (variant, seed) in a file, and their means over seeds as a table."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmsmot.utils.json_file import read_json


def read_runs(path: str | os.PathLike) -> dict[str, Any]:
    """The runs of a file by ``'variant/seed'``; none where it is not there yet."""
    return read_json(path) if Path(path).exists() else {}


def require_same_settings(
    made_with: Mapping[str, Any], settings: Mapping[str, Any], place: str
) -> None:
    """Refuse to go on with what was made in another way.

    Raises:
        ValueError: Names the place and the setting.
    """
    for name, value in settings.items():
        if made_with.get(name) != value:
            raise ValueError(
                f'{place} was made with {name} {made_with.get(name)!r}, not {value!r}; '
                'write to another place with --out'
            )


def episode_settings(fingerprints: Mapping[str, str]) -> dict[str, str]:
    """What a run says of the episodes that it is of.

    Args:
        fingerprints: Of the episodes of each split.
    """
    return {f'episodes_{split}': text for split, text in fingerprints.items()}


def require_same_episodes(
    run: Mapping[str, Any], fingerprints: Mapping[str, str], place: str
) -> None:
    """Refuse a run of other training episodes, or of others of a split that it scored.

    Raises:
        ValueError: Names the place and the split.
    """
    splits = ['train', *(split for split in fingerprints if split in run)]
    of_run = {split: fingerprints[split] for split in splits}
    require_same_settings(run, episode_settings(of_run), place)


def variants_of(runs: Mapping[str, Any]) -> list[str]:
    """The variants of runs, in the order of the first run of each."""
    return [*dict.fromkeys(key.split('/')[0] for key in runs)]


def seed_scores(
    runs: Mapping[str, Any], variant: str, *path: str
) -> dict[str, dict[str, float]]:
    """Scores of a variant by seed, of the runs that have them.

    Args:
        runs: By ``'variant/seed'``.
        variant: The variant.
        path: Keys of the scores in a run: the split, and what it is divided by.
    """
    scores = {}
    for key, run in runs.items():
        name, _, seed = key.partition('/')
        for part in path:
            run = run.get(part, {})
        if name == variant and run:
            scores[seed] = run
    return scores


def mean_row(
    cells: Sequence[str], runs: Iterable[Mapping[str, float]], names: Sequence[str]
) -> str:
    """A line of a Markdown table: cells, then the mean of each score over runs."""
    runs = [*runs]
    means = [mean_cell([run.get(name, math.nan) for run in runs]) for name in names]
    return '| ' + ' | '.join([*cells, *(means if runs else [])]) + ' |'


def mean_cell(values: Sequence[float]) -> str:
    """Mean of some seeds' scores in percent, with its standard error."""
    percent = 100 * np.asarray(values)
    if len(percent) < 2:
        return f'{percent.mean():.1f}'
    error = percent.std(ddof=1) / math.sqrt(len(percent))
    return f'{percent.mean():.1f} ± {error:.1f}'


def without_nan(scores: Mapping[str, float]) -> dict[str, float]:
    """JSON has no nan: a group without a verb in the split has no score."""
    return {name: score for name, score in scores.items() if not math.isnan(score)}
