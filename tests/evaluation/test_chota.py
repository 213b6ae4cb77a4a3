"""CapA and CHOTA by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.evaluation.chota import (
    chota,
    chota_caption_accuracy,
    chota_caption_similarity,
)


def test_each_pair_weighs_as_many_boxes_as_it_has() -> None:
    boxes = {(1, 11): 6, (2, 12): 2, (3, 13): 5}
    similarity = {(1, 11): 1.0, (2, 12): 0.25}  # the third has no caption
    assert chota_caption_accuracy(boxes, similarity) == (6.5, 8)
    assert chota_caption_accuracy({}, {}) == (0.0, 0)


def test_similarity_is_the_mean_of_meteor_and_a_tenth_of_cider() -> None:
    cider, meteor = np.array([10.0, 2.0, 0.0]), np.array([0.5, 0.3, 0.1])
    both = chota_caption_similarity({'CIDEr': cider, 'METEOR': meteor})
    np.testing.assert_allclose(both, [0.75, 0.25, 0.05])
    np.testing.assert_allclose(
        chota_caption_similarity({'CIDEr': cider}), [1.0, 0.2, 0.0]
    )


def test_chota_is_the_geometric_mean_at_one_half() -> None:
    detection, association = np.linspace(0.9, 0.0, 19), np.linspace(0.8, 0.08, 19)
    result = chota({'HOTA': {'DetA': detection, 'AssA': association}}, 0.3)
    # .5 is the tenth of the thresholds .05, .1, ..., .95
    assert result['DetA@.5'] == pytest.approx(0.45)
    assert result['AssA@.5'] == pytest.approx(0.44)
    assert result['joint'] == pytest.approx((0.45 * 0.44 * 0.3) ** (1 / 3))


def test_similarity_ends_at_one() -> None:
    """CIDEr of a single caption may pass 10."""
    similarity = chota_caption_similarity(
        {'CIDEr': np.array([40.0, 10.0]), 'METEOR': np.ones(2)}
    )
    assert similarity.tolist() == [1, 1]
    assert chota_caption_similarity({'CIDEr': np.array([15.0])}).tolist() == [1]
