"""What a query tracker starts from: a detector's weights, or its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log
from torch import nn

# Weights of a detector alone start these parts too.
COPIES = {
    'detector.model.decoder.': 'track_decoder.',
    'detector.model.': 'proposal_detector.model.',
}


def query_count_problem(
    tracker: nn.Module, weights: Mapping[str, Any], prefix: str
) -> str | None:
    """What is wrong with a checkpoint of another number of queries; ``None``: nothing."""
    for name, weight in tracker.state_dict().items():
        stored = weights.get(prefix + name)
        is_count = name.endswith(
            ('query_embedding.weight', 'query_init.content.weight')
        )
        if stored is not None and is_count and len(stored) != len(weight):
            return (
                f'the checkpoint has {len(stored)} queries ({prefix}{name}) and the config '
                f'{len(weight)}: set num_queries={len(stored)}'
            )
    return None


def check_and_complete(
    tracker: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    """Weights of another number of queries are refused; a detector's fill all its copies.

    Raises:
        ValueError: The checkpoint has another number of queries.
    """
    problem = query_count_problem(tracker, state_dict, prefix)
    if problem is not None:
        raise ValueError(problem)
    weights = tracker.state_dict()
    for source, target in COPIES.items():
        if any(key.startswith(prefix + target) for key in state_dict):
            continue
        copies = {
            prefix + name: state_dict[prefix + source + name.removeprefix(target)]
            for name in weights
            if name.startswith(target)
            and prefix + source + name.removeprefix(target) in state_dict
        }
        if copies:
            print_log(
                f'QueryTracker: {target}* starts from {source}* of the checkpoint',
                logger='current',
                level=logging.INFO,
            )
            state_dict.update(copies)
