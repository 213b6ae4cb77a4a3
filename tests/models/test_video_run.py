"""One video through the pipeline: what is described when, and what is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models import prompt_run
from mmsmot.models.post_processing import MinTrackLength
from mmsmot.models.smot import SMOT
from mmsmot.models.video_run import VideoRun
from mmsmot.structures import Prompt, Trajectories
from tests.models.scripted import VIDEO, make_frames, scripted_model


def push_all(run: VideoRun, first: int, last: int, size: int = 1) -> list:
    """The results of frames ``first`` to ``last``, in batches."""
    results = []
    for start in range(first, last + 1, size):
        results += run.push(make_frames(start, min(start + size - 1, last)))
    return results


def greetings(description) -> set[tuple[int, int]]:
    table = description.interactions
    return set(zip(table.subject_ids.tolist(), table.object_ids.tolist(), strict=True))


def test_a_track_is_described_when_it_ends_and_a_pair_with_its_second() -> None:
    model = scripted_model({1: [1], 2: [1, 2], 3: [2], 4: [2, 3], 5: [3]})
    run = model.begin(VIDEO)
    finished = {
        r.frame_id: [(t.track_id, t.caption) for t in r.finished]
        for r in push_all(run, 1, 6)
    }
    assert finished[2] == [(1, '2 boxes')]
    assert finished[4] == [(2, '3 boxes')]
    assert finished[5] == [(3, '2 boxes')]
    assert finished[1] == finished[3] == finished[6] == []
    (result,) = run.finish()
    assert result.description.captions == {1: '2 boxes', 2: '3 boxes', 3: '2 boxes'}
    # 1 and 3 never met.
    assert greetings(result.description) == {(1, 2), (2, 1), (2, 3), (3, 2)}
    assert result.description.video_caption == '6 frames'


def test_early_and_late_say_the_same() -> None:
    rng = np.random.default_rng(0)
    spans = {i: np.sort(rng.integers(1, 120, 2)) for i in range(1, 30)}
    script = {
        f: [i for i, (a, b) in spans.items() if a <= f <= b] for f in range(1, 121)
    }
    early, late = (scripted_model(script, early=is_early) for is_early in (True, False))
    results = []
    for model in (early, late):
        run = model.begin(VIDEO)
        push_all(run, 1, 120, size=7)
        (result,) = run.finish()
        results.append(result.description)
    assert results[0].captions == results[1].captions
    met = {
        (i, j)
        for i, (a, b) in spans.items()
        for j, (c, d) in spans.items()
        if i != j and a <= d and c <= b
    }
    assert greetings(results[0]) == met
    assert early.semantics.largest < late.semantics.largest == 29


def test_what_is_held_follows_what_is_alive() -> None:
    """Ten people who change every 60 frames, for 12,000 frames."""
    people = {f: [10 * (f // 60) + k for k in range(1, 11)] for f in range(1, 12_001)}
    model = scripted_model(people)
    run = model.begin(VIDEO, record=False)
    results = push_all(run, 1, 12_000, size=8)
    assert model.semantics.largest <= 20  # those of one minute and of the next
    finished = [t.track_id for result in results for t in result.finished]
    assert sorted(finished) == sorted({i for ids in people.values() for i in ids})
    (prompt_run,) = run._prompt_runs
    for table in (
        prompt_run._spans,
        prompt_run._ended,
        prompt_run._described,
        prompt_run._met_open,
    ):
        assert len(table) <= 20


def test_a_pair_waits_for_its_second_member_no_longer_than_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompt_run, 'PAIR_WINDOW', 5)
    model = scripted_model({1: [1, 2], 2: [1, 2], **{f: [2] for f in range(3, 30)}})
    run = model.begin(VIDEO)
    results = push_all(run, 1, 6)
    assert run._prompt_runs[0]._buffer.ids == [1, 2]
    results = push_all(run, 7, 9)
    # 1 is described with 2 as far as it went.
    assert run._prompt_runs[0]._buffer.ids == [2]
    results += push_all(run, 10, 31)
    assert greetings(run.finish()[0].description) == {(1, 2), (2, 1)}


def test_patience_ends_tracks_of_an_estimator_that_does_not_tell() -> None:
    model = scripted_model({1: [1], 9: [1]}, tells_end=False)
    run = model.begin(VIDEO, patience=3)
    results = push_all(run, 1, 8)
    assert [r.frame_id for r in results if r.finished] == [5]
    assert run.live_ids == []
    push_all(run, 9, 9)  # under its old id it begins anew
    assert run.live_ids == [1]
    assert run.describe().captions == {1: '1 boxes'}
    without = scripted_model({1: [1]}, tells_end=False).begin(VIDEO)
    assert not any(r.finished for r in push_all(without, 1, 50))
    assert without.finish()[0].description.captions == {1: '1 boxes'}


def test_asking_changes_nothing() -> None:
    script = {1: [1, 2], 2: [1, 2], 3: [2, 3], 4: [3], 5: [3]}
    asked, silent = (scripted_model(script).begin(VIDEO) for _ in range(2))
    for frame_id in range(1, 7):
        push_all(asked, frame_id, frame_id)
        asked.describe()
        push_all(silent, frame_id, frame_id)
    first, second = asked.finish()[0].description, silent.finish()[0].description
    assert first.captions == second.captions
    assert first.video_caption == second.video_caption
    assert greetings(first) == greetings(second)


def test_short_tracks_are_forgotten_without_a_caption() -> None:
    model = scripted_model(
        {f: [1, 2] if 2 <= f <= 4 else [1] for f in range(1, 11)},
        post_processing=[MinTrackLength(min_frames=5)],
    )
    run = model.begin(VIDEO)
    results = push_all(run, 1, 12)
    assert [t.track_id for r in results for t in r.finished] == [1]
    (result,) = run.finish()
    assert result.description.captions == {1: '10 boxes'}
    assert not len(result.description.interactions)
    assert set(result.trajectories.ids.tolist()) == {1}


def test_what_the_whole_video_shows_to_be_short_has_no_caption() -> None:
    """In all frames so far, but few of the whole video's."""
    model = scripted_model(
        {f: [1, 2] if f <= 3 else [1] for f in range(1, 11)},
        post_processing=[MinTrackLength(min_frames=5)],
    )
    run = model.begin(VIDEO)
    assert [t.track_id for r in push_all(run, 1, 4) for t in r.finished] == [2]
    push_all(run, 5, 11)
    (result,) = run.finish()
    assert result.description.captions == {1: '10 boxes'}
    assert not len(result.description.interactions)


class JoinNeighbours:
    """Joins an ended track to the one that ended up to ``hold_frames`` before it."""

    hold_frames = 2

    def __call__(self, trajectories: Trajectories, frame_ids=None) -> Trajectories:
        return trajectories

    def map(self, ended: Trajectories) -> dict[int, int]:
        self.boxes = {i: len(rows) for i, rows in ended.by_id().items()}
        ids = sorted(self.boxes)
        return {new: ids[0] for new in ids[1:]}


def test_a_part_that_joins_ended_tracks_is_waited_for() -> None:
    part = JoinNeighbours()
    model = scripted_model({1: [1], 2: [1], 3: [5], 4: [5]}, post_processing=[part])
    run = model.begin(VIDEO)
    finished = [
        (r.frame_id, t.track_id, t.caption)
        for r in push_all(run, 1, 8)
        for t in r.finished
    ]
    # The first is held for two frames, then described; nobody joins it any more.
    assert finished[0] == (4, 1, '2 boxes')
    assert part.boxes == {5: 2}
    together = scripted_model({1: [1, 5], 2: [1, 5]}, post_processing=[part])
    run = together.begin(VIDEO)
    results = push_all(run, 1, 8)
    names = [(t.track_id, t.caption) for r in results for t in r.finished]
    assert names == [(1, '4 boxes')]


class JoinListed(JoinNeighbours):
    """Joins tracks by their ids."""

    def map(self, ended: Trajectories) -> dict[int, int]:
        super().map(ended)
        return {old: 1 for old in (15, 27) if old in self.boxes}


def test_a_joined_track_is_whole_for_the_next_join() -> None:
    part = JoinListed()
    script = {f: [99] for f in range(1, 13)}  # meets all, so none of them is forgotten
    for first, track_id in ((1, 1), (3, 15), (8, 27)):
        script |= {f: [track_id, 99] for f in (first, first + 1)}
    script[3].append(2)
    model = scripted_model(script, post_processing=[part])
    run = model.begin(VIDEO)
    reported = push_all(run, 1, 7)
    assert part.boxes == {1: 2, 2: 1, 15: 2}
    results = push_all(run, 8, 11)
    assert part.boxes == {1: 4, 2: 1, 27: 2}
    assert [(t.track_id, t.caption) for r in results for t in r.finished] == [
        (1, '6 boxes')
    ]
    assert reported[2].tracks.ids.tolist() == [15, 99, 2]  # as it was
    # Nobody waits for a name that is no more.
    assert run._prompt_runs[0]._met_open == {1: {99}, 2: {99}}


def test_a_part_that_needs_the_whole_video_delays_everything() -> None:
    def whole(trajectories: Trajectories, frame_ids: np.ndarray) -> Trajectories:
        return trajectories

    model = scripted_model({1: [1], 2: [2]}, post_processing=[whole])
    assert model.hold_frames is None
    run = model.begin(VIDEO)
    assert not any(r.finished for r in push_all(run, 1, 20))
    assert run.finish()[0].description.captions == {1: '1 boxes', 2: '1 boxes'}


def test_two_videos_at_once_are_what_they_are_alone() -> None:
    script = {f: [f // 3 + 1, f // 5 + 100] for f in range(1, 41)}
    model = scripted_model(script)

    def outcome(run: VideoRun) -> tuple:
        (result,) = run.finish()
        table = result.trajectories
        return table.ids.tolist(), table.frame_ids.tolist(), result.description.captions

    alone = model.begin(VIDEO)
    push_all(alone, 1, 40, size=4)
    one, two = model.begin(VIDEO), model.begin(VIDEO)
    for start in range(1, 41, 4):
        one.push(make_frames(start, start + 3))
        for frame_id in range(start, start + 4):
            two.push(make_frames(frame_id, frame_id))
    assert outcome(one) == outcome(two) == outcome(alone)


def test_prompts_share_the_tracks_that_do_not_depend_on_them() -> None:
    model = scripted_model({1: [1], 2: [1]})
    prompts = (Prompt('a man'), Prompt('a woman'))
    run = model.begin(VIDEO, prompts)
    push_all(run, 1, 3)
    results = run.finish()
    assert [r.prompt for r in results] == list(prompts)
    assert [r.description.captions for r in results] == [{1: '2 boxes'}] * 2
    assert len(run._prompt_runs) == 1


def test_frames_must_come_in_order() -> None:
    run = scripted_model({}).begin(VIDEO)
    push_all(run, 1, 2)
    with pytest.raises(ValueError, match='scripted: frame 2 comes after frame 2'):
        push_all(run, 2, 2)


def test_parts_that_do_not_fit_are_refused_when_the_model_is_built() -> None:
    estimator = scripted_model({}).estimator
    with pytest.raises(TypeError, match='detector beside an estimator'):
        SMOT(estimator=estimator, detector=dict(type='DetectionFile'))
    with pytest.raises(TypeError, match='give a tracker'):
        SMOT()
    semantics = scripted_model({}).semantics
    semantics.needs = frozenset({'track_features'})
    with pytest.raises(TypeError, match='ScriptedEstimator does not provide'):
        SMOT(estimator=estimator, semantics=semantics)
    semantics.needs = frozenset({'features'})
    with pytest.raises(TypeError, match='needs feature maps, and ScriptedEstimator'):
        SMOT(estimator=estimator, semantics=semantics)
