"""The embedding of clothes' colours."""

from __future__ import annotations

import numpy as np
import pytest

from projects.single_shot_smot.stripe_colours import StripeColours

RED, BLUE, GREEN = (0, 0, 220), (220, 0, 0), (0, 180, 0)  # BGR
BOXES = np.array([[10.0, 0, 30, 80], [50, 0, 70, 80], [90, 0, 110, 80]])


def people(dim: float = 1.0) -> np.ndarray:
    """Three: red over blue, blue over red, green over blue; on grey."""
    image = np.full((90, 120, 3), 128, np.uint8)
    for x, (top, bottom) in zip(
        (10, 50, 90), ((RED, BLUE), (BLUE, RED), (GREEN, BLUE)), strict=True
    ):
        image[:40, x : x + 20] = np.multiply(top, dim)
        image[40:80, x : x + 20] = np.multiply(bottom, dim)
    return image


def test_the_same_clothes_are_near_and_other_clothes_far() -> None:
    reid = StripeColours(stripes=4)
    embeddings = reid.embed(people(), BOXES)
    assert embeddings.shape == (3, 12) and embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    shifted = reid.embed(people(0.85), BOXES + [2, 3, 2, 3])
    distance = np.linalg.norm(embeddings[:, None] - shifted, axis=2)
    assert np.diag(distance).max() < 0.4
    assert distance[~np.eye(3, dtype=bool)].min() > 0.7


def test_the_order_of_stripes_counts() -> None:
    one_stripe = StripeColours(stripes=1).embed(people(), BOXES)
    assert one_stripe[0] @ one_stripe[1] > 0.999  # red and blue, whichever is above
    four_stripes = StripeColours(stripes=4).embed(people(), BOXES)
    assert four_stripes[0] @ four_stripes[1] < 0.5


def test_boxes_outside_and_over_the_edge() -> None:
    boxes = np.array([[200.0, 0, 220, 80], [-30, 0, -2, 80], [0, 0, np.nan, 9]])
    embeddings = StripeColours().embed(people(), boxes)
    np.testing.assert_array_equal(embeddings, 0)
    over_the_edge = StripeColours().embed(people(), np.array([[-10.0, -20, 30, 80]]))
    assert np.linalg.norm(over_the_edge) == pytest.approx(1)
    assert StripeColours().embed(people(), np.empty((0, 4))).shape == (0, 24)


def test_bad_options() -> None:
    with pytest.raises(ValueError, match='StripeColours: stripes'):
        StripeColours(stripes=0)
    with pytest.raises(ValueError, match='StripeColours: width'):
        StripeColours(width=1.5)
