"""CHOTA: tracking and captioning in one number, and its twin for interactions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .tracking import Result

INDEX_OF_HALF = 9  # position of .5 in HOTA's thresholds .05, .1, ..., .95


def chota_caption_accuracy(
    boxes: Mapping[tuple[int, int], int], similarity: Mapping[tuple[int, int], float]
) -> tuple[float, int]:
    """Sum of caption similarities over true positive boxes, and their number.

    CapA = sum_c similarity(c) / |TP| over the matched boxes c, each with the captions of
    its true and predicted trajectory (Zhou et al., "Dense Video Object Captioning from
    Disjoint Supervision": captions are judged where the boxes are right).

    Args:
        boxes: Matched boxes of each (true id, predicted id), see
            :func:`~.tracking.evaluate_and_match_sequence`.
        similarity: In [0, 1], of the captions of each pair; a pair without captions is
            left out of both numbers.
    """
    described = {pair: n for pair, n in boxes.items() if pair in similarity}
    total = sum(n * similarity[pair] for pair, n in described.items())
    return float(total), sum(described.values())


def chota_caption_similarity(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """(N,) in [0, 1]: the mean of METEOR and CIDEr / 10, of those that are there.

    The published CapA is the mean of CIDEr, METEOR and SPICE. SPICE needs a large
    download and is left out; CIDEr, which reaches 10, is brought to [0, 1].
    """
    parts = [scores['CIDEr'] / 10]
    if 'METEOR' in scores:
        parts.append(scores['METEOR'])
    return np.clip(np.mean(parts, axis=0), 0, 1)


def chota(tracking: Result, accuracy: float) -> dict[str, float]:
    """(DetA * AssA * accuracy)^(1/3) at an IoU of .5, fractions.

    With CapA this is CHOTA. With IntA, the Jaccard index TP / (TP + FP + FN) of directed
    labelled pairs whose both ends are localised, it is the joint interaction score.

    Args:
        tracking: Combined scores of all videos.
        accuracy: CapA or IntA.
    """
    detection = float(tracking['HOTA']['DetA'][INDEX_OF_HALF])
    association = float(tracking['HOTA']['AssA'][INDEX_OF_HALF])
    return {
        'DetA@.5': detection,
        'AssA@.5': association,
        'accuracy': accuracy,
        'joint': float(np.cbrt(detection * association * accuracy)),
    }
