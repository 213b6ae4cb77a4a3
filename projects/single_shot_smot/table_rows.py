"""Rows that the tables of SynSMOT and of real people have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from .appearance_gate import EMBEDDING_DISTANCE
from .random_embeddings import RandomEmbeddings
from .table_runner import Row

# The keep rule that follows K, and as published.
RULE = {'anchors.weigh_scores': True, 'relative_keep': True}
NO_RULE = {'anchors.weigh_scores': False, 'relative_keep': False}
# Of the row of the paper's table 1; its text has K 1, .9 and .4.
PAPER_TABLE1 = {'anchors.num_anchors': 10, 'keep_threshold': 0.2}
FARNEBACK = {'motion.type': 'FarnebackMotion', 'motion.side': 256}
NO_MOTION = {'motion': {'_delete_': True, 'type': 'IdentityMotion'}}
NO_GATE = {'linker.max_distance': EMBEDDING_DISTANCE.high}
TRACKER_SCORES = (0.3, 0.5, 0.7)
RANDOM_SEEDS = (0, 1, 2)


def estimator_row(
    label: str, config: str, options: dict[str, Any] | None = None
) -> Row:
    """A row whose options are by key of the estimator."""
    options = {f'model.estimator.{key}': v for key, v in (options or {}).items()}
    return Row(label, config, options)


def threshold_rows(
    config: str,
    pairs: Iterable[tuple[float, float]],
    options: dict[str, Any] | None = None,
) -> list[Row]:
    """A model by sigma_det and sigma_tk.

    Args:
        config: Of SMOT.
        pairs: (sigma_det, sigma_tk).
        options: More keys of the estimator.
    """
    return [
        estimator_row(
            f'sigma_det {sigma_det:g}, sigma_tk {sigma_tk:g}',
            config,
            {
                'det_threshold': sigma_det,
                'keep_threshold': sigma_tk,
                **(options or {}),
            },
        )
        for sigma_det, sigma_tk in pairs
    ]


def random_rows(label: str, config: str, options: dict[str, Any]) -> list[Row]:
    """The control of appearance: a row for each seed of embeddings that know nothing.

    Args:
        label: To which the seed is added.
        config: Of an estimator with a ``reid``.
        options: More keys of the estimator, such as :data:`NO_GATE`.
    """
    return [
        estimator_row(
            f'{label}, random {seed}',
            config,
            {
                'reid': {
                    '_delete_': True,
                    'type': RandomEmbeddings.__name__,
                    'seed': seed,
                },
                **options,
            },
        )
        for seed in RANDOM_SEEDS
    ]


def linking_rows(
    unlinked_config: str, linked_config: str, distances: Sequence[float]
) -> list[Row]:
    """SMOT without linking, linking by each distance, and the control.

    Args:
        unlinked_config: SMOT without a linker.
        linked_config: SMOT with one.
        distances: Of ``linker.max_distance``.
    """
    rows = [estimator_row('no linking', unlinked_config)]
    for distance in distances:
        options = {'linker.max_distance': distance}
        rows.append(estimator_row(f'linking {distance}', linked_config, options))
    return rows + random_rows('no gate', linked_config, NO_GATE)


def tracker_rows(
    sort: str, bytetrack: str, deepsort: str, gates: Sequence[float]
) -> list[Row]:
    """The trackers by their least score and how they begin and end a track, DeepSORT also
    by its gate of appearance.

    Args:
        sort: Config of SORT.
        bytetrack: Config of ByteTrack.
        deepsort: Config of DeepSORT.
        gates: Of ``max_cosine_distance``.
    """
    rows = []
    for score in TRACKER_SCORES:
        for hits, age in product((1, 3), (1, 3)):
            label = f'SORT {score}, min_hits {hits}, max_age {age}'
            options = {'score_threshold': score, 'min_hits': hits, 'max_age': age}
            rows.append(_tracker_row(label, sort, **options))
        label = f'ByteTrack {score}'
        options = {'track_threshold': score, 'birth_threshold': score}
        rows.append(_tracker_row(label, bytetrack, **options))
        for gate, hits in product(gates, (1, 3)):
            label = f'DeepSORT {score}, gate {gate}, n_init {hits}'
            options = {
                'min_confidence': score,
                'max_cosine_distance': gate,
                'n_init': hits,
            }
            rows.append(_tracker_row(label, deepsort, **options))
    return rows


def _tracker_row(label: str, config: str, **options: float) -> Row:
    return Row(label, config, {f'model.tracker.{k}': v for k, v in options.items()})
