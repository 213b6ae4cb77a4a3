"""StrongSORT's parts against the equations of its paper."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers import StrongSORT
from mmsmot.models.trackers.gallery import SmoothedAppearanceGallery
from mmsmot.models.trackers.kalman_filter import MEAN, VARIANCE, XYAHFilter
from mmsmot.structures import Detections

LOOKS = np.eye(4, dtype=np.float32)


def person(left: float, look: np.ndarray, score: float = 0.9) -> Detections:
    return Detections([[left, 0, left + 40, 100]], [score], None, look[None])


def test_appearance_is_a_moving_average_of_unit_length() -> None:
    gallery = SmoothedAppearanceGallery(alpha=0.9)
    slots = gallery.allot(1, 4)
    gallery.add(slots, LOOKS[:1])
    gallery.add(slots, LOOKS[1:2])
    # 0.9 e0 + 0.1 e1, brought to length one
    expected = np.array([0.9, 0.1]) / np.hypot(0.9, 0.1)
    found = 1 - gallery.distances(np.repeat(slots, 2), LOOKS[:2])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_slot_that_is_reused_has_no_past() -> None:
    gallery = SmoothedAppearanceGallery(alpha=0.9)
    gallery.add(gallery.allot(1, 4), LOOKS[:1])
    gallery.release(np.array([0]))
    slots = gallery.allot(16, 4)
    gallery.add(slots, np.repeat(LOOKS[2:3], 16, axis=0))
    assert gallery.distances(slots, np.repeat(LOOKS[2:3], 16, axis=0)).max() < 1e-6


@pytest.mark.parametrize(('power', 'scale'), [(1.0, 0.25), (2.0, 0.0625), (0.0, 1.0)])
def test_confident_detections_have_less_noise(power: float, scale: float) -> None:
    """R~ = (1 - c) R, and with the release's power (1 - c)^2 R."""
    tracker = StrongSORT(n_init=1, noise_power=power)
    tracker.update(person(0, LOOKS[0], 0.75))
    found = tracker.update(person(6, LOOKS[0], 0.75))
    kalman = XYAHFilter()
    state = kalman.predict(kalman.initiate(np.array([[0.0, 0, 40, 100]])))
    noise = scale * kalman.measurement_noise(state)[0, 0]
    variance = state[VARIANCE, 0, 0]
    centre = state[MEAN, 0, 0] + variance / (variance + noise) * 6
    np.testing.assert_allclose(found.boxes[0, [0, 2]].mean(), centre)


def test_cost_weighs_motion_beside_appearance() -> None:
    tracker = StrongSORT(appearance_weight=0.98)
    cost = tracker._cost(np.array([0.2]), np.array([5.0]))
    np.testing.assert_allclose(cost, 0.98 * 0.2 + 0.02 * 5.0)


def test_tracks_missed_longer_compete_as_equals() -> None:
    """No cascade: the better look wins, even if the other track was seen last."""
    tracker = StrongSORT(n_init=1, max_cosine_distance=0.9)
    twin = (LOOKS[0] + 0.5 * LOOKS[1]) / np.sqrt(1.25)
    lost = tracker.update(person(0, LOOKS[0])).ids[0]
    for _ in range(2):
        tracker.update(person(20, twin))
    assert tracker.update(person(10, LOOKS[0])).ids[0] == lost


def test_without_embeddings_it_names_itself() -> None:
    with pytest.raises(ValueError, match='StrongSORT needs the appearance'):
        StrongSORT().update(Detections([[0, 0, 5, 5]], [0.9]))
