"""Deep OC-SORT's own ideas on cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.trackers import OCSORT, DeepOCSORT
from mmsmot.structures import Detections

from .test_properties import assert_equal, random_video, run

LOOKS = np.eye(4, dtype=np.float32)


def people(*rows: tuple[float, int], score: float = 0.9) -> Detections:
    """People 40 wide and 100 high: left edge, and which look."""
    boxes = [[left, 0, left + 40, 100] for left, _ in rows]
    looks = LOOKS[[look for _, look in rows]]
    return Detections(boxes, [score] * len(rows), None, looks)


def ids_by_look(tracker: DeepOCSORT, detections: Detections) -> dict[int, int]:
    tracks = tracker.update(detections)
    looks = detections.embeddings[tracks.det_index].argmax(1)
    return dict(zip(looks.tolist(), tracks.ids.tolist(), strict=True))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_without_appearance_it_is_oc_sort(seed: int) -> None:
    video = random_video(seed)
    blind = DeepOCSORT(appearance_weight=0, max_weight_boost=0)
    assert_equal(run(blind, video), run(OCSORT(), video))


def test_the_weight_of_the_past_follows_the_score() -> None:
    """Equation 3: 1 at the threshold, alpha_f for a sure detection."""
    tracker = DeepOCSORT(det_threshold=0.6, alpha=0.95)
    alphas = tracker._alphas(np.array([0.6, 0.8, 1.0, 1.3]))
    np.testing.assert_allclose(alphas, [1, 0.975, 0.95, 0.95])
    assert DeepOCSORT(det_threshold=1.0)._alphas(np.array([1.5])) == 1


def test_a_track_learns_as_much_as_it_trusts() -> None:
    for score, weight in ((0.8, 0.975), (1.0, 0.95)):
        tracker = DeepOCSORT()
        tracker.update(people((0, 0)))
        tracker.update(people((0, 1), score=score))
        expected = weight / np.hypot(weight, 1 - weight)
        slots = tracker._tracks.rows['slot']
        similarities = tracker._gallery.similarities(slots, LOOKS[:1])
        np.testing.assert_allclose(similarities, [[expected]], atol=1e-6)


def test_weights_grow_where_one_stands_out() -> None:
    """Equations 4 and 5 by hand, rows detections, columns tracks; epsilon .5."""
    cosines = np.array([[0.9, 0.8, 0.1], [0.2, 0.9, 0.1]])
    rows = np.array([[0.1], [0.5]])  # .7 is cut
    columns = np.array([[0.5, 0.1, 0.0]])
    weights = DeepOCSORT()._appearance_weights(cosines)
    np.testing.assert_allclose(weights, 0.75 + (rows + columns) / 2)


@pytest.mark.parametrize('shape', [(1, 1), (1, 3), (3, 1)])
def test_no_second_best_no_boost(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    cosines = rng.uniform(-1, 1, shape)
    weights = DeepOCSORT(max_weight_boost=2.0)._appearance_weights(cosines)
    line = np.sort(cosines.ravel())
    lead = 0 if cosines.size == 1 else line[-1] - line[-2]
    np.testing.assert_allclose(weights, 0.75 + lead / 2)


def test_those_who_exchange_places_keep_their_ids() -> None:
    """Both overlap both, so that looks are asked; OC-SORT exchanges them."""
    for make, keeps in ((DeepOCSORT, True), (OCSORT, False)):
        tracker = make()
        first = ids_by_look(tracker, people((0, 0), (10, 1)))
        latest_ids = ids_by_look(tracker, people((0, 1), (10, 0)))
        assert sorted(latest_ids.values()) == sorted(first.values())
        assert (latest_ids == first) == keeps


def test_looks_do_not_reach_beyond_the_overlap() -> None:
    """A pair of too little IoU is undone, as in the release."""
    tracker = DeepOCSORT(min_hits=0)
    for _ in range(2):
        tracker.update(people((0, 0), (60, 1)))
    assert ids_by_look(tracker, people((90, 0), (62, 1)))[0] == 3


def test_observations_follow_the_camera_once() -> None:
    """Corners, in the last frames' memory and the last observation alike (section 3.2)."""
    tracker = DeepOCSORT()
    for left in (0, 5, 10):
        tracker.update(people((left, 0)))
    zoom = np.array([[1.1, 0, 7], [0, 1.1, -3]])
    area = tracker._tracks.state[0, 0, 2]
    tracker._warp(zoom)
    row = tracker._tracks.rows[0]
    expected = [[1.1 * 10 + 7, -3, 1.1 * 50 + 7, 107], [1.1 * 5 + 7, -3, 56.5, 107]]
    np.testing.assert_allclose(row['last'], expected[0])
    np.testing.assert_allclose(row['recent'][:2], expected)
    np.testing.assert_array_equal(row['size'], [40, 100])
    assert tracker._tracks.state[0, 0, 2] == area  # a zoom changes no area


def test_a_quarter_turn_leaves_boxes_upright() -> None:
    tracker = DeepOCSORT()
    for left in (0, 5):
        tracker.update(people((left, 0)))
    tracker._warp(np.array([[0.0, -1, 200], [1, 0, 0]]))
    last_box = tracker._tracks.rows['last'][0]
    np.testing.assert_allclose(last_box, [100, 5, 200, 45])


def test_the_gallery_holds_those_who_are_alive() -> None:
    tracker = DeepOCSORT(max_age=5)
    for step in range(300):
        tracker.update(people((step * 500.0, step % 4)))
    assert len(tracker._gallery._counts) <= 16
    tracker.update(Detections.empty())  # nobody, without embeddings
    assert len(tracker.update(people((0, 0)))) == 0


def test_without_embeddings_it_names_itself() -> None:
    with pytest.raises(ValueError, match='DeepOCSORT needs the appearance'):
        DeepOCSORT().update(Detections([[0, 0, 5, 5]], [0.9]))
