"""A stream: the same as a video, and bounded by who is there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mmsmot.apis import SMOTInferencer, SMOTSession
from mmsmot.models.post_processing import MinTrackLength
from mmsmot.models.semantics.description import Description
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.structures import Frame, Interactions, SMOTDataSample, Tracks
from tests.models.semantics.test_trajectory_semantics import (
    VIDEO,
    build,  # noqa: F401 - a fixture
    frames,
)
from tests.words import IdBuffer


class Script:
    """A tracker that reports who the script says is there."""

    def __init__(self, script: dict[int, list[int]]) -> None:
        self.script = script

    def reset(self) -> None:
        pass

    def update(self, detections, frame: Frame) -> Tracks:
        ids = np.array(self.script.get(frame.frame_id, []), np.int64)
        left = 5.0 * ids
        boxes = np.stack([left, left * 0 + 5, left + 20, left * 0 + 50], axis=1)
        ones = np.ones(len(ids))
        return Tracks(ids, boxes.reshape(-1, 4), ones, ones.astype(int), ids * 0 - 1)


class Numbering(Script):
    """A tracker with a state: who it sees is new each time."""

    def __init__(self) -> None:
        self.script, self.count = {}, 0

    def reset(self) -> None:
        self.count = 0

    def update(self, detections, frame: Frame) -> Tracks:
        self.count += 1
        self.script = {frame.frame_id: [self.count]}
        return super().update(detections, frame)


class Greetings:
    """Says that whoever is captioned hugs the next, from the frame it is asked in."""

    needs: frozenset[str] = frozenset()
    asked = 0

    def begin(self) -> IdBuffer:
        return IdBuffer()

    def update(self, buffer, features, frames, tracks) -> None:
        for reported in tracks:
            buffer.add(reported.ids.tolist())

    def generate(
        self,
        buffer,
        ids,
        *,
        caption_ids=None,
        pairs=None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        self.asked += 1
        ids = np.array(ids if caption_ids is None else caption_ids, np.int64)
        verbs = np.full(len(ids), 'hug.v.01')
        starts = np.full(len(ids), self.asked)
        if not len(ids):
            return Description()
        return Description(
            {i: f'asked {self.asked}' for i in ids.tolist()},
            Interactions(ids, ids + 1, verbs, starts, starts + 5),
        )


class Clip:
    """A video reader of a list of frames."""

    def __init__(self, given: list[Frame]) -> None:
        self.given = given
        self.video = VIDEO

    def batches(self, size: int):
        for first in range(0, len(self.given), size):
            yield self.given[first : first + size]


def buffer_of(session: SMOTSession):
    """What it holds of the tracks."""
    return session._run._prompt_runs[0]._buffer


@pytest.fixture
def model(build) -> SMOT:  # noqa: F811
    made = build().eval()
    made.estimator.tracker = Script({t: [1, 2] for t in range(1, 7)})
    return made


def test_frame_by_frame_equals_the_whole_video(model: SMOT) -> None:
    clip = frames(6)
    sample = SMOTDataSample(metainfo=dict(video=VIDEO, frame_ids=np.arange(1, 7)))
    (whole,) = model.predict([Clip(clip)], [sample])
    session = SMOTSession(model, fps=4)
    for frame in clip:
        session.update(frame.image)
        session.describe()  # asking changes nothing
    said = session.describe()
    assert said.captions == whole.pred_captions
    assert said.video_caption == whole.pred_video_caption
    ours, theirs = said.interactions, whole.pred_interactions
    assert ours.as_pairs() == theirs.as_pairs()
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-6)


def test_nobody_short_is_spoken_of_in_a_stream_or_a_video(model: SMOT) -> None:
    model.estimator.tracker = Script(
        {1: [1, 2], 2: [1, 2, 3], 3: [1, 2, 3], 4: [1, 3], 5: [1]}
    )
    model.post_processing = [MinTrackLength(min_frames=3)]
    clip = frames(6)
    sample = SMOTDataSample(metainfo=dict(video=VIDEO, frame_ids=np.arange(1, 7)))
    (whole,) = model.predict([Clip(clip)], [sample])
    assert sorted(whole.pred_captions) == [1, 2, 3]
    del model.estimator.tracker.script[4]
    sample = SMOTDataSample(metainfo=dict(video=VIDEO, frame_ids=np.arange(1, 7)))
    (whole,) = model.predict([Clip(clip)], [sample])
    assert {*whole.pred_trajectories.ids.tolist()} == {*whole.pred_captions} == {1, 2}
    for patience in (2, 60):  # told at last, and as they go
        session = SMOTSession(model, fps=4, patience=patience)
        for frame in clip:
            session.update(frame.image)
        said = session.describe()
        assert sorted(said.captions) == [1, 2]
        assert 3 not in {*said.interactions.subject_ids, *said.interactions.object_ids}
    assert said.captions == whole.pred_captions


def test_who_is_gone_is_put_into_words_and_forgotten(model: SMOT) -> None:
    script = {t: [t // 10 + 1, t // 10 + 2] for t in range(1, 200)}
    model.estimator.tracker = Script(script)
    model.semantics.max_boxes = 4
    session = SMOTSession(model, fps=4, patience=5)
    held = []
    for frame in frames(3) * 60:
        session.update(frame.image)
        held.append(len(buffer_of(session).ids))
    # Two in view, one that is missed for five frames, and whom that one met.
    assert max(held) <= 4
    assert session.alive == [18, 19, 20]
    said = session.describe()
    assert set(said.captions) == set(range(1, 21))
    pairs = said.interactions.as_pairs()
    assert all((i, i + 1) in pairs for i in range(1, 20))
    assert (1, 5) not in pairs  # they never were there together


def test_each_session_has_a_tracker_of_its_own() -> None:
    model = SMOT(detector=None, tracker=Numbering())
    model.estimator.tracker.count = 7  # a video is looked at meanwhile
    picture = frames(1)[0].image
    one = SMOTSession(model)
    seen = [one.update(picture).ids.tolist()]
    two = SMOTSession(model)
    for session in (two, one, two, one):
        seen.append(session.update(picture).ids.tolist())
    assert seen == [[1], [1], [2], [2], [3]]
    assert model.estimator.tracker.count == 7


def test_a_tracker_that_repeats_an_id_is_told() -> None:
    session = SMOTSession(SMOT(detector=None, tracker=Script({1: [4, 4]})))
    with pytest.raises(ValueError, match='Script.update, frame 1: ids must be unique'):
        session.update(frames(1)[0].image)


def test_words_of_the_gone_cost_nothing_while_the_stream_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count, built = 40, []
    check = Interactions.__post_init__

    def counted(self: Interactions) -> None:
        check(self)
        built.append(len(self))

    monkeypatch.setattr(Interactions, '__post_init__', counted)
    script = {t: [t] for t in range(1, count + 1)}
    session = SMOTSession(
        SMOT(detector=None, tracker=Script(script), semantics=Greetings()), patience=1
    )
    picture = frames(1)[0].image
    for _ in range(count + 2):
        session.update(picture)
    # Each row when it is made and when it is handed out, not whenever somebody leaves.
    assert sum(built) == 2 * count
    said = session.describe()
    assert sorted(said.captions) == list(range(1, count + 1))
    assert said.interactions.start_frames.tolist() == list(range(1, count + 1))


def test_the_newer_words_of_a_pair_replace_the_older() -> None:
    script = {1: [1, 5], 4: [1], 7: []}
    session = SMOTSession(
        SMOT(detector=None, tracker=Script(script), semantics=Greetings()), patience=1
    )
    for _ in range(7):
        session.update(frames(1)[0].image)
    said = session.describe()
    assert said.captions == {1: 'asked 2', 5: 'asked 1'}
    rows = zip(
        said.interactions.subject_ids, said.interactions.start_frames, strict=True
    )
    assert sorted(rows) == [(1, 2), (5, 1)]


def test_without_semantics_it_tracks(build) -> None:  # noqa: F811
    made = build()
    made.semantics = None
    made.estimator.tracker = Script({1: [4]})
    session = SMOTSession(made.eval())
    assert session.update(frames(1)[0].image).ids.tolist() == [4]
    assert session.describe().captions == {}


def test_bad_images(model: SMOT) -> None:
    session = SMOTSession(model, name='door')
    session.update(frames(1)[0].image)
    with pytest.raises(
        ValueError, match='door: frame 2 is 96x32, those before were 96x64'
    ):
        session.update(np.zeros((32, 96, 3), np.uint8))
    for wrong in (None, np.zeros((64, 96), np.uint8), np.zeros((64, 96, 3))):
        with pytest.raises(ValueError, match='door: frame 2 must be a .H, W, 3. uint8'):
            session.update(wrong)
    session.update(frames(1)[0].image)  # it goes on
    assert session.frame_id == 2


class Times(Greetings):
    """Keeps the times of the frames it is given."""

    def begin(self) -> IdBuffer:
        self.times: list[float] = []
        return IdBuffer()

    def update(self, buffer, features, frames, tracks) -> None:
        self.times += [frame.timestamp for frame in frames]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the session logged while the test ran."""
    texts: list[str] = []
    monkeypatch.setattr(
        'mmsmot.apis.session.print_log', lambda text, **_: texts.append(text)
    )
    return texts


def timed_session(**arguments) -> tuple[SMOTSession, Times]:
    semantics = Times()
    return SMOTSession(
        SMOT(detector=None, tracker=Script({}), semantics=semantics), **arguments
    ), semantics


def test_a_clock_that_began_in_1970_keeps_its_frames_apart(model: SMOT) -> None:
    model.estimator.tracker = Script({1: [1], 2: [1], 3: [2], 4: [2]})
    said = []
    for start in (0.0, 86400.0, 1.7e9):
        session = SMOTSession(model)
        for step in range(4):
            session.update(frames(4)[step].image, start + 0.04 * step)
        tracks = buffer_of(session).trajectories([1, 2])
        assert tracks.times.dtype == torch.float64
        step = tracks.times[:, :2].diff(dim=1)
        np.testing.assert_allclose(step, 0.04, atol=1e-6)
        assert not tracks.co_occurrence_mask(torch.zeros(2, dtype=torch.int64)).any()
        said.append(session.describe().captions)
    assert said[0] == said[1] == said[2] and said[0]


def test_a_clock_that_is_set_back_is_mended_and_told(messages) -> None:
    session, semantics = timed_session(fps=4, name='door')
    for timestamp in (100.0, 101.0, 41.0, 42.0):
        session.update(frames(1)[0].image, timestamp)
    assert semantics.times == [0, 1, 1.25, 2.25]
    (message,) = messages
    assert 'door: the clock was set back before frame 3 (to 41.000 s)' in message


WRONG_TIMES = ('1', np.nan, np.inf, -1.0, 1.7e12, 10**400, True, [1.0])


@pytest.mark.parametrize('timestamp', WRONG_TIMES, ids=str)
def test_timestamps_that_are_no_seconds(timestamp) -> None:
    session, semantics = timed_session()
    session.update(frames(1)[0].image, 1.0)
    with pytest.raises(ValueError, match='stream: the timestamp of frame 2 must be'):
        session.update(frames(1)[0].image, timestamp)
    session.update(frames(1)[0].image, np.float64(1.5))
    assert semantics.times == [0, 0.5]


def test_timestamps_for_some_frames_only() -> None:
    session, _ = timed_session()
    session.update(frames(1)[0].image, 1.0)
    with pytest.raises(ValueError, match='frame 2 comes without a timestamp, those'):
        session.update(frames(1)[0].image)


@pytest.mark.parametrize(
    'arguments',
    [
        dict(fps=np.nan),
        dict(fps=np.inf),
        dict(fps='25'),
        dict(fps=10**400),
        dict(patience=np.nan),
        dict(patience=2.5),
        dict(patience='9'),
        dict(patience=True),
    ],
    ids=str,
)
def test_a_rate_or_patience_that_is_none(arguments) -> None:
    with pytest.raises(ValueError, match='SMOTSession: (fps|patience) must be a'):
        timed_session(**arguments)


def test_post_processing_needs_whole_videos(model: SMOT) -> None:
    model.post_processing = [lambda table, _: table]
    with pytest.raises(ValueError, match='whole videos'):
        SMOTSession(model)
    with pytest.raises(ValueError, match='above 0'):
        SMOTSession(model, fps=0)


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads that take turns a thousand times as often as they usually do."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], object], count: int) -> list:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_sessions_in_threads_give_what_each_gives_alone(
    build,  # noqa: F811
    eager_switches: None,
) -> None:
    model = build().eval()
    model.estimator.tracker = SORT(min_hits=1, iou_threshold=0.1)
    model.estimator.detector.score_threshold = (
        0.0  # it has learnt nothing and is sure of nothing
    )
    model.estimator.detector.model.bbox_head.test_cfg.score_thr = 0.0

    def look(camera: int) -> tuple:
        session = SMOTSession(model, fps=4)
        tracks = [session.update(frame.image) for frame in frames(6, seed=camera)]
        words = session.describe()
        columns = [
            (t.ids.tolist(), t.boxes.tolist(), t.scores.tolist()) for t in tracks
        ]
        interactions = words.interactions
        verbs = interactions.as_pairs(), interactions.scores.tolist()
        return columns, words.captions, verbs, words.video_caption

    alone = [look(camera) for camera in range(4)]
    assert all(sum(len(ids) for ids, _, _ in columns) for columns, *_ in alone)
    assert len({str(answer) for answer in alone}) == 4  # each camera has its own answer
    for _ in range(3):
        assert in_threads(look, 4) == alone


def test_inferencers_in_threads_are_built_one_after_the_other(
    eager_switches: None,
) -> None:
    names = ['smoter_tiny_synsmot', 'two_stage/mmdet-sort_public-detections'] * 2

    def begin(number: int) -> str:
        return type(
            SMOTInferencer(names[number]).session().model.estimator.tracker
        ).__name__

    found = in_threads(begin, 4)
    assert found == ['AppearanceByteTrack', 'MMDetTracker'] * 2
    scope = DefaultScope.get_current_instance()
    assert scope is None or scope.scope_name != 'mmdet'  # it is left as it was


def test_videos_in_threads_share_no_tracker(model: SMOT, eager_switches: None) -> None:
    model.estimator.tracker = Numbering()
    model.semantics = None

    def ids(camera: int) -> list[int]:
        clip = Clip(frames(6, seed=camera))
        return [result.tracks.ids.item() for result in model.stream(clip)]

    assert in_threads(ids, 4) == [[1, 2, 3, 4, 5, 6]] * 4
