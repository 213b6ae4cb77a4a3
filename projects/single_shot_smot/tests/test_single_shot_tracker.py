"""The estimator: its rules one by one, and bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmsmot.models.detectors import DetectionFile
from mmsmot.models.detectors.base import RawDetections
from mmsmot.models.detectors.nms import nms
from mmsmot.models.estimators import FEATURES
from mmsmot.models.smot import SMOT
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Detections, SMOTDataSample, Trajectories
from mmsmot.utils.log_once import log_once
from projects.single_shot_smot.scene_cut import SceneCut
from projects.single_shot_smot.single_shot_tracker import (
    SingleShotTracker,
    with_rivals,
)
from projects.single_shot_smot.tests.grid_detector import (
    SIDE,
    VIDEO,
    GridDetector,
    Places,
    frames,
    square_boxes,
)
from tests.tiny_onnx import write_onnx

ONE_ANCHOR = dict(type='TrackingAnchors')


def tracker(places: Places, **options) -> SingleShotTracker:
    defaults = dict(
        detector=GridDetector(places),
        anchors=ONE_ANCHOR,
        motion=dict(type='IdentityMotion'),
        det_threshold=0.7,
        keep_threshold=0.4,
    )
    return SingleShotTracker(**defaults | options)


def run(
    estimator: SingleShotTracker, num_frames: int, **image: int
) -> tuple[list, list]:
    """Ids of each frame, and those that ended with it."""
    state = estimator.begin(VIDEO, (), needs=frozenset())
    places = getattr(estimator.detector, 'places', {})
    steps = [estimator.step(state, [f]) for f in frames(1, num_frames, places, **image)]
    ids = [step.tracks[0].ids.tolist() for step in steps]
    return ids, [step.ended_ids for step in steps]


def straight(num_frames: int, *starts: tuple[float, float, float]) -> Places:
    """Objects at (x, y), which move v to the right in each frame."""
    return {k: [(x + v * k, y) for x, y, v in starts] for k in range(1, num_frames + 1)}


def test_objects_keep_their_ids_and_boxes_are_the_detectors() -> None:
    places = straight(10, (4, 8, 3), (50, 60, -3))
    estimator = tracker(places)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    estimate = estimator.step(state, frames(1, 10))
    for k, (tracks, detections) in enumerate(
        zip(estimate.tracks, estimate.detections, strict=True), start=1
    ):
        order = tracks.ids.argsort()
        expected = square_boxes(sorted(places[k], key=lambda place: place[1]))
        if tracks.boxes[order[0], 1] > 30:
            order = order[::-1]
        np.testing.assert_allclose(tracks.boxes[order], expected)
        assert tracks.ids.tolist() == [1, 2] and not estimate.ended_ids
        # Each track is a row of this frame's detections.
        np.testing.assert_allclose(detections.boxes[tracks.det_index], tracks.boxes)


def test_batches_of_frames_are_the_same_as_one_by_one() -> None:
    places = straight(12, (4, 8, 3), (20, 30, 2), (60, 60, -4))
    places[7] = places[7][1:]
    estimator = tracker(places)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    tracks = estimator.step(state, frames(1, 12)).tracks
    assert [t.ids.tolist() for t in tracks] == run(estimator, 12)[0]


def test_a_tracklet_that_is_missed_once_ends_and_its_id_never_comes_back() -> None:
    places = straight(4, (8, 8, 0), (50, 8, 0))
    places[3] = [(50, 8)]
    ids, ended = run(tracker(places), 4)
    assert [sorted(row) for row in ids] == [[1, 2], [1, 2], [2], [2, 3]]
    assert ended == [[], [], [1], []]


def test_the_two_thresholds() -> None:
    """At 2 pixels off each anchor the best IoU is .62: kept, but nothing new."""
    off_anchors = (10, 10)
    places = {1: [(8, 8)], 2: [off_anchors], 3: [off_anchors], 4: []}
    estimator = tracker(places)
    assert run(estimator, 3)[0] == [[1], [1], [1]]
    assert run(tracker(places, keep_threshold=0.65), 3)[0] == [[1], [], []]
    low_det_threshold = tracker(places, keep_threshold=0.65, det_threshold=0.6)
    assert run(low_det_threshold, 3)[0] == [[1], [2], [3]]


def test_fast_objects_are_lost_without_motion_and_kept_with_it() -> None:
    places = straight(8, (0, 40, 11))
    places = {k: row for k, row in places.items() if row[0][0] <= SIDE - 16}
    without_motion = run(tracker(places), len(places))[0]
    assert len({i for row in without_motion for i in row}) > 1
    moving = tracker(places, motion=dict(type='FarnebackMotion', side=SIDE))
    assert run(moving, len(places))[0] == [[1]] * len(places)


def test_of_two_tracklets_on_one_object_the_worse_ends() -> None:
    """Two objects meet, and one of them is not there any more."""
    places = {1: [(8, 40), (24, 40)], 2: [(12, 40), (20, 40)], 3: [(16, 40)]}
    ids, ended = run(tracker(places, keep_threshold=0.2), 3)
    assert len(ids[1]) == 2 and len(ids[2]) == 1 and len(ended[2]) == 1


@pytest.mark.parametrize(('x', 'kept_id'), [(14, 1), (18, 2)])
def test_of_two_tracklets_on_one_object_the_one_of_the_greater_score_goes_on(
    x: int, kept_id: int
) -> None:
    """2 pixels from the anchor of one, which scores .78, and 6 from the other's: .45."""
    places = {1: [(8, 40), (24, 40)], 2: [(12, 40), (20, 40)], 3: [(x, 40)]}
    ids, ended = run(tracker(places, keep_threshold=0.2), 3)
    assert ids == [[1, 2], [1, 2], [kept_id]]
    assert ended == [[], [], [3 - kept_id]]


def test_what_overlaps_a_tracklet_is_new_only_below_new_iou() -> None:
    """Two squares 8 pixels apart overlap by a third."""
    places = {1: [(8, 8)], 2: [(8, 8), (16, 8)]}
    assert run(tracker(places, new_iou=0.3), 2)[0] == [[1], [1]]
    assert run(tracker(places, new_iou=0.35), 2)[0] == [[1], [1, 2]]


def test_the_keep_threshold_follows_the_number_of_anchors() -> None:
    """Twelve anchors of which most are far off: the mean score is .48 at the best."""
    places = straight(10, (8, 8, 0), (56, 48, 0))
    twelve_anchors = dict(type='TrackingAnchors', num_anchors=12)
    options = dict(anchors=twelve_anchors, keep_threshold=0.6)
    fixed = run(tracker(places, **options), 10)[0]
    assert max(row[-1] for row in fixed) == 20  # two new tracks in each frame
    relative = run(tracker(places, relative_keep=True, **options), 10)[0]
    assert relative == [[1, 2]] * 10


class AnchorDetector(GridDetector):
    """Boxes are the anchors themselves; their scores are given by frame.

    Args:
        anchors: (A, 4).
        scores: By frame_id, (A,).
    """

    def __init__(self, anchors: np.ndarray, scores: dict[int, np.ndarray]) -> None:
        super().__init__({})
        self.anchors = anchors
        self.scores = scores

    def raw(self, frames):
        return [
            RawDetections(
                self.anchors.copy(), self.scores[f.frame_id][:, None], self.anchors
            )
            for f in frames
        ]


def test_background_does_not_keep_a_track_whose_anchors_are_blind_to_it() -> None:
    """The anchor that answers the detection is 12 pixels off the box of the object."""
    anchors = square_boxes([(8, 8), (20, 8)])

    class ShiftedAnswer(AnchorDetector):
        def raw(self, frames):
            rows = super().raw(frames)
            for row in rows:
                row.boxes[1] = anchors[0]
            return rows

    background = np.array([0.003, 0.002])
    scores = {1: np.array([0.004, 0.9]), 2: background, 3: background}
    options = dict(relative_keep=True, keep_threshold=0.1)
    estimator = tracker({}, detector=ShiftedAnswer(anchors, scores), **options)
    assert run(estimator, 3) == ([[1], [], []], [[], [1], []])


@pytest.mark.parametrize(
    ('first_scores', 'scores', 'kept_id'),
    [
        ((0.9, 0.8), (0.4, 0.6), 1),  # .4 over a ratio of .5 against .6 over 1
        ((0.9, 0.8), (0.25, 0.6), 2),
        ((0.8, 0.9), (0.55, 1.0), 1),  # 1.1 counts as 1: the older one goes on
    ],
)
def test_tracklets_are_ranked_by_the_score_over_their_ratio(
    first_scores: tuple, scores: tuple, kept_id: int
) -> None:
    """The first object is detected by an anchor beside its own, of half the score."""
    anchors = square_boxes([(8, 8), (20, 8), (40, 8)])
    meeting_place = square_boxes([(24, 8)])[0]

    class MeetingObjects(AnchorDetector):
        def raw(self, frames):
            ((frame,), (raw,)) = frames, super().raw(frames)
            raw.boxes[1] = anchors[0]
            if frame.frame_id == 2:
                raw.boxes[[0, 2]] = meeting_place
            return [raw]

    by_frame = {
        1: np.array([first_scores[0] / 2, *first_scores]),
        2: np.array([scores[0], 0, scores[1]]),
    }
    options = dict(relative_keep=True, keep_threshold=0.4)
    estimator = tracker({}, detector=MeetingObjects(anchors, by_frame), **options)
    assert run(estimator, 2)[0] == [[1, 2], [kept_id]]


def test_reported_scores_are_the_aggregated_ones() -> None:
    """The mean of twelve anchors, whatever the threshold is compared with."""
    twelve_anchors = dict(type='TrackingAnchors', num_anchors=12)
    options = dict(anchors=twelve_anchors, keep_threshold=0.4)
    places = straight(3, (8, 8, 0), (56, 48, 0))
    scores = []
    for relative_keep in (False, True):
        estimator = tracker(places, relative_keep=relative_keep, **options)
        state = estimator.begin(VIDEO, (), needs=frozenset())
        scores.append(estimator.step(state, frames(1, 3)).tracks[2].scores)
    np.testing.assert_allclose(scores[0], scores[1])
    assert (scores[1] < 0.6).all()


def test_tracked_objects_do_not_use_up_the_candidates() -> None:
    """Five objects of three anchors each, and a new one of a lower score."""
    objects = np.repeat(square_boxes([(x, 0) for x in range(0, 96, 20)]), 3, axis=0)
    anchors = np.concatenate([objects, square_boxes([(40, 60)])])
    tracked = np.append(np.full(15, 0.95), 0)
    scores = {1: tracked, 2: np.append(tracked[:-1], 0.9)}
    estimator = tracker({}, detector=AnchorDetector(anchors, scores), max_detections=15)
    assert [len(row) for row in run(estimator, 2)[0]] == [5, 6]


def test_the_best_candidates_alone_are_new() -> None:
    anchors = square_boxes([(x, 0) for x in range(0, 81, 20)])
    scores = {1: np.array([0.75, 0.95, 0.8, 0.9, 0.85])}
    estimator = tracker({}, detector=AnchorDetector(anchors, scores), max_detections=3)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    (tracks,) = estimator.step(state, frames(1, 1)).tracks
    np.testing.assert_array_equal(tracks.boxes, anchors[[1, 3, 4]])


def test_new_detections_are_suppressed_at_nms_threshold() -> None:
    """Two squares 8 pixels apart overlap by a third."""
    anchors, scores = square_boxes([(8, 8), (16, 8)]), {1: np.array([0.9, 0.8])}
    detector = AnchorDetector(anchors, scores)
    assert run(tracker({}, detector=detector, nms_threshold=0.3), 1)[0] == [[1]]
    assert run(tracker({}, detector=detector, nms_threshold=0.35), 1)[0] == [[1, 2]]


def test_a_detection_that_a_tracklet_covers_suppresses_those_beside_it() -> None:
    """At 0 a tracklet, at 8 a detection on it; the one at 14 overlaps that by .45."""
    anchors = square_boxes([(8, 8), (16, 8), (22, 8)])
    for covered_score, last_ids in ((0.9, [1]), (0, [1, 2])):
        scores = {1: np.array([0.95, 0, 0]), 2: np.array([0.95, covered_score, 0.8])}
        detector = AnchorDetector(anchors, scores)
        estimator = tracker({}, detector=detector, nms_threshold=0.4)
        assert run(estimator, 2)[0] == [[1], last_ids]


@pytest.mark.parametrize('seed', range(20))
def test_suppression_near_new_boxes_is_that_among_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = square_boxes(rng.uniform(0, 60, (40, 2)))
    scores, labels = np.sort(rng.random(40))[::-1], np.zeros(40, int)
    is_covered = rng.random(40) < 0.8
    new_rows, covered_rows = np.flatnonzero(~is_covered), np.flatnonzero(is_covered)
    rows = with_rivals(boxes, new_rows, covered_rows, 0.3)
    among_rivals = rows[nms(boxes[rows], scores[rows], labels[rows], 0.3)]
    among_all = nms(boxes, scores, labels, 0.3)
    new_among_rivals = among_rivals[~is_covered[among_rivals]]
    new_among_all = among_all[~is_covered[among_all]]
    assert new_among_rivals.tolist() == new_among_all.tolist()
    assert not len(with_rivals(boxes, new_rows[:0], covered_rows, 0.3))


class ChangedScores(GridDetector):
    """Scores of two classes, which ``change`` alters in place from a frame on."""

    def __init__(
        self, places: Places, first_frame: int, change: Callable[[np.ndarray], None]
    ) -> None:
        super().__init__(places, num_classes=2)
        self.first_frame, self.change = first_frame, change

    def raw(self, frames):
        rows = super().raw(frames)
        for frame, raw in zip(frames, rows, strict=True):
            if frame.frame_id >= self.first_frame:
                self.change(raw.scores)
        return rows


def exchange_classes(scores: np.ndarray) -> None:
    scores[:] = scores[:, ::-1]


def score_both_classes(scores: np.ndarray) -> None:
    scores[:, 1] = scores[:, 0]


def test_a_class_is_tracked_by_its_own_score() -> None:
    places = straight(4, (8, 8, 0))
    detector = ChangedScores(places, 3, exchange_classes)
    assert run(tracker(places, detector=detector), 4)[0] == [[1], [1], [2], [2]]
    first_class = tracker(places, detector=detector, labels=(0,))
    assert run(first_class, 4)[0] == [[1], [1], [], []]


def test_two_classes_on_one_place_are_two_tracklets() -> None:
    places = straight(4, (8, 8, 0))
    estimator = tracker(places, detector=ChangedScores(places, 2, score_both_classes))
    assert run(estimator, 4)[0] == [[1], [1, 2], [1, 2], [1, 2]]


def test_labels_that_no_detection_has_are_refused() -> None:
    for labels in ('person', (), 0, ('person',), (0.0,), (-1,), (True,)):
        with pytest.raises(
            ValueError, match=r'labels must be the whole numbers.*, got '
        ):
            tracker({}, labels=labels)
    estimator = tracker({}, labels=(0, 7), detector=GridDetector({}, num_classes=2))
    with pytest.raises(
        ValueError, match=r'labels=\(0, 7\).* of 2 classes, labels 0 to 1: set labels'
    ):
        run(estimator, 1)
    places = straight(2, (8, 8, 0))
    assert run(tracker(places, labels=np.array([0])), 2)[0] == [[1], [1]]


class MapMaker(GridDetector):
    """A detector whose maps are its name and the frames that they are of."""

    def __init__(self, places: Places, name: str) -> None:
        super().__init__(places)
        self.name = name

    def extract(self, frames):
        return self.name, frames

    def raw_in(self, features):
        assert features[0] == self.name  # another network's maps mean nothing to it
        return self.raw(features[1])


def test_feature_maps_are_the_extractors_and_boxes_the_detectors() -> None:
    places, other_places = straight(3, (8, 8, 2)), straight(3, (60, 60, 0))
    detector = MapMaker(places, 'detector')
    plain = tracker(places, detector=detector)
    sequence = frames(1, 3, places)
    state = plain.begin(VIDEO, (), needs=frozenset())
    without_maps = plain.step(state, sequence)
    assert without_maps.features is None
    for extractor in (None, MapMaker(other_places, 'extractor')):
        estimator = tracker(places, detector=detector, feature_extractor=extractor)
        assert estimator.provides == {FEATURES}
        state = estimator.begin(VIDEO, (), needs=frozenset({FEATURES}))
        estimate = estimator.step(state, sequence)
        maker, map_frames = estimate.features
        assert maker == (extractor or detector).name and map_frames is sequence
        for tracks, expected in zip(estimate.tracks, without_maps.tracks, strict=True):
            np.testing.assert_array_equal(tracks.boxes, expected.boxes)
            assert tracks.ids.tolist() == [1]


def test_a_cut_ends_every_tracklet() -> None:
    places = straight(4, (8, 8, 0))
    estimator = tracker(places, scene_cut=dict(type='SceneCut'))
    state = estimator.begin(VIDEO, (), needs=frozenset())
    dark_frames = frames(1, 4, places)
    bright_frames = frames(
        1, 4, {k: [(x, 40) for x in range(0, 80, 17)] for k in range(5)}
    )
    for frame in bright_frames[2:]:
        bright = 255 - frame.image
        object.__setattr__(frame, 'load', lambda image=bright: image)
        frame.__dict__.pop('image')
    steps = [estimator.step(state, [f]) for f in dark_frames[:2] + bright_frames[2:]]
    assert [step.tracks[0].ids.tolist() for step in steps] == [[1], [1], [2], [2]]
    assert [step.ended_ids for step in steps] == [[], [], [1], []]


@pytest.mark.parametrize(('value', 'noise'), [(5, 8), (12, 8), (20, 8), (128, 8)])
def test_noise_is_no_cut(value: int, noise: int) -> None:
    """A grey scene in which nothing moves, at the size of the thumbnail."""
    rng = np.random.default_rng(0)
    images = value + rng.normal(0, noise, (2, 64, 64, 3))
    cut = SceneCut()
    thumbnails = [cut.thumbnail(i.clip(0, 255).astype(np.uint8)) for i in images]
    assert not cut.is_cut(*thumbnails)


def test_another_colour_of_the_same_brightness_is_a_cut() -> None:
    images = [
        np.full((64, 64, 3), colour, np.uint8) for colour in ((0, 0, 200), (200, 0, 0))
    ]
    cut = SceneCut()
    assert cut.is_cut(*map(cut.thumbnail, images))


def test_a_black_frame_ends_tracks_and_the_next_starts_others() -> None:
    places = straight(5, (8, 8, 0))
    places[3] = []
    options = dict(motion=dict(type='FarnebackMotion'), scene_cut=dict(type='SceneCut'))
    estimator = tracker(places, **options)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    sequence = frames(1, 5, places)
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    object.__setattr__(sequence[2], 'load', lambda: black)
    steps = [estimator.step(state, [f]) for f in sequence]
    ids = [step.tracks[0].ids.tolist() for step in steps]
    assert ids == [[1], [1], [], [2], [2]]


def test_hundreds_of_frames_without_an_object_leave_nothing_behind() -> None:
    places = {1: [(8, 8)], 500: [(8, 8)]}
    estimator = tracker(places, motion=dict(type='FarnebackMotion'))
    state = estimator.begin(VIDEO, (), needs=frozenset())
    for first in range(1, 500, 50):
        estimate = estimator.step(state, frames(first, first + 49, places))
        sizes = {len(t) for t in estimate.tracks[1:-1]}
        assert sizes == {0}
    assert state.ids.tolist() == [2] and state.boxes.shape == (1, 4)


def test_scores_that_are_nan_are_left_out_and_logged_once() -> None:
    class NaNDetector(GridDetector):
        def raw(self, frames):
            rows = super().raw(frames)
            for frame, raw in zip(frames, rows, strict=True):
                raw.scores[1::2] = np.nan
                raw.boxes[1::3] = np.nan
                if frame.frame_id == 3:
                    raw.scores[:] = np.nan
            return rows

    log_once.cache_clear()
    places = straight(4, (8, 8, 0), (56, 48, 0))
    options = dict(det_threshold=0.5, keep_threshold=0.3)
    ids = run(tracker(places, detector=NaNDetector(places), **options), 4)[0]
    assert ids == [[1, 2], [1, 2], [], [3, 4]]
    log = log_once.cache_info()
    assert (log.misses, log.hits) == (1, 3)  # logged once in four frames


def test_a_detector_without_anchors_is_refused_when_it_is_built() -> None:
    with pytest.raises(
        TypeError, match='DetectionFile has no raw detections with anch'
    ):
        tracker({}, detector=DetectionFile())


def test_another_number_of_anchors_than_the_file_has(tmp_path: Path) -> None:
    """An export of 4 anchors with a file of 5."""
    np.save(tmp_path / 'anchors.npy', np.tile([0.1, 0.1, 0.5, 0.5], (5, 1)))
    encodings = np.zeros((1, 4, 4), np.float32)
    scores = np.full((1, 4, 2), 0.5, np.float32)
    anchors = dict(type='AnchorFile', path=str(tmp_path / 'anchors.npy'))
    detector = dict(
        type='ONNXDetector',
        model=write_onnx(tmp_path / 'ssd.onnx', encodings, scores),
        decoder=dict(type='SSDDecoder', anchors=anchors),
    )
    with pytest.raises(ValueError, match=r'encodings \(B, 5, 4\).* for its 5 anchors'):
        run(tracker({}, detector=detector), 1)


def test_raw_detections_that_do_not_fit_together() -> None:
    class OneScoreTooFew(GridDetector):
        def raw(self, frames):
            return [
                RawDetections(raw.boxes, raw.scores[:-1], raw.anchors)
                for raw in super().raw(frames)
            ]

    with pytest.raises(
        ValueError, match=r'OneScoreTooFew.raw: expected boxes \(A, 4\)'
    ):
        run(tracker({}, detector=OneScoreTooFew({})), 1)


def test_a_frame_of_another_size_names_both() -> None:
    estimator = tracker({})
    state = estimator.begin(VIDEO, (), needs=frozenset())
    estimator.step(state, frames(1, 1))
    with pytest.raises(ValueError, match='square: frame 2 is 48x48, .*were 96x96'):
        estimator.step(state, frames(2, 2, side=48))


def test_two_videos_at_once_do_not_disturb_each_other() -> None:
    places = straight(6, (4, 8, 3), (50, 60, -3))
    model = SMOT(estimator=tracker(places, motion=dict(type='FarnebackMotion')))
    runs = [model.begin(VIDEO), model.begin(VIDEO)]
    for frame in frames(1, 6, places):
        for video_run in runs:
            video_run.push([frame])
    for video_run in runs:
        (result,) = video_run.finish()
        assert sorted(result.trajectories.ids.tolist()) == [1] * 6 + [2] * 6


def test_semantics_that_needs_features_is_refused_at_build() -> None:
    class Semantics:
        needs = frozenset({'features'})

    with pytest.raises(TypeError, match='name a feature_extractor'):
        SMOT(estimator=tracker({}), semantics=Semantics())


def test_what_cannot_be_trained() -> None:
    with pytest.raises(TypeError, match='GridDetector cannot be trained'):
        tracker({}).loss([], [], plan=ClipPlan([0], [0], semantic_losses=False))
    with pytest.raises(TypeError, match='not trained along re-detected tracks'):
        tracker({}).loss([], [], plan=ClipPlan([0], [0]))


def test_the_loss_is_the_detectors_on_the_rows_of_the_plan() -> None:
    class Trainable(GridDetector):
        def loss(self, frames, targets):
            ((boxes, _),), (frame,) = targets, frames
            return {'loss': [(frame.frame_id, boxes.tolist())]}

    gt = Trajectories([1, 2], [1, 1], square_boxes([(8, 8), (20, 8)]))
    sample = SMOTDataSample(gt_trajectories=gt)
    inputs = [[frame] for frame in frames(1, 2)]
    estimator = tracker({}, detector=Trainable({}))
    plan = ClipPlan([1], [1], semantic_losses=False)
    losses = estimator.loss(inputs, [sample], plan=plan).losses
    assert losses == {'loss': [(2, square_boxes([(20, 8)]).tolist())]}
    with pytest.raises(ValueError, match='nothing to train'):
        frozen = ClipPlan([0], [0], semantic_losses=False, freeze=True)
        estimator.loss(inputs, [sample], plan=frozen)


def test_options_out_of_their_range_are_refused() -> None:
    for name in ('det_threshold', 'keep_threshold', 'track_nms', 'new_iou'):
        with pytest.raises(ValueError, match=f'SingleShotTracker: {name}'):
            tracker({}, **{name: 1.5})


def test_the_detections_are_sound() -> None:
    places = straight(3, (-6, 8, 0), (88, 88, 0))  # half outside of the image
    estimator = tracker(places, det_threshold=0.3, keep_threshold=0.1)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    for estimate in (estimator.step(state, [f]) for f in frames(1, 3)):
        assert all(isinstance(d, Detections) for d in estimate.detections)
