"""The part in its slot: pipelines, sessions, and video that is not kind."""

from __future__ import annotations

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.apis import SMOTSession
from mmsmot.engine import load_config
from mmsmot.models.estimators import BaseEstimator, Estimate
from mmsmot.models.kinematics import KinematicSemantics
from mmsmot.models.kinematics.crowd import Crowd
from mmsmot.models.kinematics.ground_plane import GroundPlane
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame, MotionSpan, Tracks, VideoInfo
from tests.models.kinematics.people import (
    HEIGHT,
    WIDTH,
    described,
    fed,
    frames_of,
    tracks_of,
    walker,
)
from tests.models.kinematics.test_grammar import FORBIDDEN

CAMERA = dict(type='SparseOpticalFlow', height=120, max_corners=60)


def test_a_street_scene() -> None:
    people = [
        walker(100, (3, 0.8), (5, 0)),
        walker(420, (8, 0), top=(60, 140, 50)),
        walker(600, (7, -0.8), feet=330, top=(25, 24, 26), bottoms=(25, 24, 26)),
    ]
    description = described(
        frames_of(people, images=True, seconds=8), camera_motion=CAMERA
    )
    texts = description.captions
    assert re.search(r'red top and blue bottoms walks to the right.*stop', texts[1])
    assert re.search(r'green top .*stands .* for about eight seconds', texts[2])
    assert re.search(r'in black walks to the left', texts[3])
    assert 'at least three people' in description.video_caption.lower()
    assert [(span.motion, span.direction) for span in description.motions[1]] == [
        ('walk', 'right'),
        ('stand', ''),
    ]
    assert description.motions[2] == [MotionSpan(1, 80, 'stand')]
    assert [(span.motion, span.direction) for span in description.motions[3]] == [
        ('walk', 'left')
    ]


class ScriptedPeople(BaseEstimator):
    """Reports people who go known ways, and says when they are gone."""

    def __init__(self, people) -> None:
        super().__init__()
        self.people = people

    def begin(self, video, prompts, *, needs):
        return set()

    def step(self, state, frames) -> Estimate:
        size = frames[0].video.width, frames[0].video.height
        tracks = [tracks_of(self.people, f.timestamp, size) for f in frames]
        now = frames[-1].timestamp
        ended = [
            row
            for row, person in enumerate(self.people, start=1)
            if person.points[-1][0] < now - 1 and row not in state
        ]
        state.update(ended)
        detections = [Detections(t.boxes, t.scores, t.labels) for t in tracks]
        return Estimate(detections, tracks, None, ended)


def result_of(people, seconds: float, early: bool, batch: int = 4):
    model = SMOT(
        estimator=ScriptedPeople(people), semantics=KinematicSemantics(), early=early
    ).eval()
    steps = frames_of(people, seconds=seconds)
    run = model.begin(steps[0][0].video)
    finished = []
    for row in range(0, len(steps), batch):
        results = run.push([frame for frame, _ in steps[row : row + batch]])
        finished += [track for result in results for track in result.finished]
    (result,) = run.finish()
    return result.description, finished


def test_what_is_said_at_the_end_of_tracks_is_what_is_said_at_the_end() -> None:
    people = [
        walker(100, (4, 0.7)),
        walker(125, (4, 0.7), feet=254),
        walker(500, (9, 0)),
        walker(560, (3, 0), begin=5),
    ]
    late, _ = result_of(people, 10, early=False)
    early, finished = result_of(people, 10, early=True)
    assert early.captions == late.captions
    assert early.motions == late.motions
    assert [*early.motions] == [1, 2, 3, 4]
    assert early.interactions.as_pairs() == late.interactions.as_pairs()
    assert early.interactions.as_pairs()[1, 2] == {'accompany.v.02'}
    assert early.video_caption == late.video_caption
    assert [track.track_id for track in finished] == [1, 2, 4]


def test_sessions_describe_without_changing_anything() -> None:
    people = [walker(100, (4, 0.7)), walker(400, (8, 0))]
    model = SMOT(estimator=ScriptedPeople(people), semantics=KinematicSemantics())
    eager_session, quiet_session = (
        SMOTSession(model, fps=10),
        SMOTSession(model, fps=10),
    )
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for _ in range(60):
        for session in (eager_session, quiet_session):
            session.update(image)
        eager_session.describe()
    assert eager_session.describe().captions == quiet_session.describe().captions
    assert 'to the right' in quiet_session.describe().captions[1]


def test_joined_tracks_are_one() -> None:
    first, second = walker(100, (3, 0.8)), walker(348, (3, 0.8), begin=3.1)
    semantics, buffer = fed(frames_of([first, second], seconds=6.2))
    buffer.rename({2: 1})
    description = semantics.generate(buffer)
    assert list(description.captions) == [1]
    assert 'for about six seconds' in description.captions[1]


def test_only_what_is_asked_for() -> None:
    semantics, buffer = fed(frames_of([walker(100, (6, 0)), walker(400, (6, 0))]))
    description = semantics.generate(buffer, ids=[1, 99], video_caption=False)
    assert (list(description.captions), description.video_caption) == ([1], '')
    assert list(semantics.generate(buffer, caption_ids=[2]).captions) == [2]
    empty = semantics.generate(semantics.begin())
    assert (empty.captions, len(empty.interactions)) == ({}, 0)


def gray(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def night(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    return np.clip(image * 0.1 + noise, 0, 255).astype(np.uint8)


COLOURS = re.compile(
    r'\b(black|gray|white|red|orange|brown|yellow|green|blue|purple|pink|dark|light)\b'
)


@pytest.mark.parametrize('change', [gray, night])
def test_gray_and_night_video_make_no_false_claim(change) -> None:
    people = [walker(100, (6, 0.7)), walker(450, (6, 0))]
    steps = frames_of(people, images=True, change=change)
    for text in described(steps, camera_motion=CAMERA).captions.values():
        assert not COLOURS.search(text)
        assert ('to the right' in text) != ('stands' in text)


def test_nobody_and_short_tracks() -> None:
    nobody = described(frames_of([]))
    assert nobody.captions == {}
    assert nobody.video_caption == 'Nobody is tracked for long in this video.'
    glimpse = described(frames_of([walker(300, (0.1, 0.8))]))
    assert glimpse.captions == {}  # nothing is known but that it was there
    assert [*glimpse.motions] == [1]
    assert glimpse.video_caption == nobody.video_caption


def test_one_person_is_one_person_under_many_ids() -> None:
    """The tracker loses somebody each second: the count is of what is there at once."""
    steps = frames_of([walker(100, (10, 0.4))], seconds=10)
    renamed = [
        (frame, Tracks(t.ids + row // 10, t.boxes, t.scores, t.labels, t.det_index))
        for row, (frame, t) in enumerate(steps)
    ]
    assert described(renamed).video_caption == 'At least one person is in view.'


def test_two_boxes_on_one_person_count_once() -> None:
    twin = [walker(300, (5, 0)), walker(303, (5, 0), feet=251)]
    caption = described(frames_of(twin, seconds=5)).video_caption
    assert 'one person' in caption


def test_coasted_boxes_are_guesses() -> None:
    """A tracker that goes on without detections invents no way."""
    steps = frames_of([walker(300, (6, 0))])
    for row, (_, tracks) in enumerate(steps):
        if row >= 40:
            tracks.boxes[:, [0, 2]] += 8.0 * (row - 40)
            tracks.det_index[:] = -1
    text = described(steps).captions[1]
    assert 'right' not in text.replace('right half', '')
    assert 'stands' in text


def test_classes_that_are_no_people() -> None:
    steps = frames_of([walker(100, (6, 0.7)), walker(120, (6, 0.7), feet=253)])
    for _, tracks in steps:
        tracks.labels[tracks.ids == 1] = 2
    description = described(steps)
    assert description.captions[1].startswith(
        'An object moves from the left to the right'
    )
    assert len(description.interactions) == 0
    assert 'one person' in description.video_caption


@pytest.mark.parametrize('frames', [slice(0, 5), slice(5, None)])
def test_a_track_is_of_the_class_that_it_has_most_of_the_time(frames: slice) -> None:
    """In the caption, in interactions and in the count alike."""
    steps = frames_of([walker(100, (6, 0.7)), walker(190, (6, 0.7), feet=252)])
    for _, tracks in steps[frames]:
        tracks.labels[tracks.ids == 1] = 3
    description = described(steps)
    is_person = frames.start == 0
    assert description.captions[1].startswith('A person' if is_person else 'An object')
    assert (len(description.interactions) == 1) == is_person
    assert ('person 1' in description.captions[2]) is False


def test_captions_name_partners_by_id_or_by_their_looks() -> None:
    people = [walker(100, (5, 0.7)), walker(190, (5, 0.7), feet=252)]
    steps = frames_of(people, images=True)
    assert 'behind person 2' in described(steps).captions[1]
    texts = described(steps, partner_names='appearance').captions
    assert 'behind another person in a red top and blue bottoms' in texts[1]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(
            st.floats(0, WIDTH),
            st.floats(60, 500),
            st.floats(12, 300),
            st.floats(-2, 2),
        ),
        max_size=5,
    ),
    st.sampled_from([1.0, 3.7, 30.0]),
    st.integers(0, 10),
)
def test_any_boxes_get_sentences(people, fps: float, seed: int) -> None:
    crowd = [
        walker(x, (3, speed), (2, 0), feet=feet, height=height)
        for x, feet, height, speed in people
    ]
    description = described(frames_of(crowd, fps=fps, seconds=6, jitter=seed))
    for text in [*description.captions.values(), description.video_caption]:
        assert re.fullmatch(r'[A-Z][a-z0-9 ,.:\'A-Z]*\.', text)  # before 0:01
        assert '  ' not in text
        assert not FORBIDDEN.search(text)


def test_the_config_says_what_the_defaults_are() -> None:
    config = load_config('two_stage/bytetrack_yolox-nano_kinematic').model.semantics
    options = {k: v for k, v in config.items() if k != 'type'}
    built, default = KinematicSemantics(**options), KinematicSemantics()
    for name in ('motion', 'clothing', 'pairs', 'sample_rate', 'max_samples'):
        assert getattr(built, name) == getattr(default, name)
    for name in ('motion', 'clothing', 'pairs'):  # nothing is left to be found out
        assert {*config[name]} == {*vars(getattr(default, name))}


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match='sample_rate must be a finite number from 1'):
        KinematicSemantics(sample_rate=0)
    with pytest.raises(ValueError, match="partner_names must be one of 'id'"):
        KinematicSemantics(partner_names='name')
    with pytest.raises(TypeError, match='camera_motion must be a CameraMotion'):
        KinematicSemantics(camera_motion=3)
    with pytest.raises(TypeError, match='speed'):
        KinematicSemantics(motion=dict(speed=1))


def test_the_horizon_is_found_where_heights_tell() -> None:
    rng = np.random.default_rng(0)
    feet = rng.uniform(150, 350, 400)
    heights = 0.5 * (feet - 60) * rng.normal(1, 0.05, 400)
    plane = GroundPlane()
    plane.add(feet[:40], heights[:40])
    assert plane.horizon() is None  # too few
    plane.add(feet[40:], heights[40:])
    assert plane.horizon() == pytest.approx(60, abs=6)
    factor = plane.depth_factor(np.array([160.0, 260.0]), np.array([50.0, 100.0]), 640)
    np.testing.assert_allclose(factor, 640 * 1.072 / np.array([100, 200]), rtol=0.07)
    level = GroundPlane()
    level.add(rng.normal(300, 5, 400), rng.normal(100, 10, 400))
    assert level.horizon() is None  # all at one distance


def test_people_are_counted_where_they_stay_together() -> None:
    people = [walker(100, (6, 0)), walker(400, (1.8, 0), begin=1)]
    _, buffer = fed(frames_of(people))
    assert buffer.crowd.at_least(1.0) == 2
    assert buffer.crowd.at_least(3.0) == 1
    assert Crowd().at_least(1.0) == 0


def test_who_is_there_all_the_time_of_a_short_video_is_counted() -> None:
    people = [walker(100, (2.8, 0)), walker(400, (2.8, 0.7)), walker(300, (1, 0))]
    steps = frames_of(people, seconds=2.8, fps=25)
    assert 'at least two people' in described(steps).video_caption.lower()
    glimpse = frames_of(people[2:], seconds=1.2)  # a sign post does that, too
    assert 'Nobody' in described(glimpse).video_caption


def test_false_detections_of_a_long_video_do_not_add_up() -> None:
    """One second each, every five seconds, beside somebody who is overlooked at times."""
    somebody = walker(100, (60, 0))
    false = [walker(330, (1, 0), begin=5 * row + 2) for row in range(12)]
    steps = frames_of([somebody, *false], seconds=60)
    with_misses = [
        (frame, tracks[1:] if row % 20 == 0 and tracks.ids[0] == 1 else tracks)
        for row, (frame, tracks) in enumerate(steps)
    ]
    description = described(with_misses)
    assert 'one person' in description.video_caption
    assert [*description.captions] == [1]  # nothing is told of what stays for a second


@pytest.mark.parametrize('begin', [0.0, 0.1, 0.25, 0.3, 0.6])
def test_colours_do_not_depend_on_the_clock(begin: float) -> None:
    steps = [
        (replace(frame, timestamp=frame.timestamp + begin), tracks)
        for frame, tracks in frames_of(
            [walker(300, (8, 0))], fps=2, seconds=8, images=True
        )
    ]
    assert 'red top and blue bottoms' in described(steps).captions[1]


def test_a_video_without_a_size_and_a_frame_alone() -> None:
    video = VideoInfo('v', 'v', 10.0)
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    frame = Frame(video, 1, 0.0, lambda: image)
    semantics = KinematicSemantics(camera_motion=CAMERA)
    buffer = semantics.begin()
    tracks = tracks_of([walker(300, (1, 0))], 0.0, (WIDTH, HEIGHT))
    semantics.update(buffer, None, [frame], [tracks])
    assert semantics.generate(buffer).motions == {1: []}
