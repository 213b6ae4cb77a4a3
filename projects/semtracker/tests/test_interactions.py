"""Interaction branch, meta-learning, spans: causal, streamed, differentiable."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import astuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from mmsmot.models.estimators import EstimatorLoss
from mmsmot.structures import (
    Frame,
    Interactions,
    SMOTDataSample,
    Tracks,
    Trajectories,
    VideoInfo,
)
from projects.semtracker.datasets.episode_labels import frame_labels
from projects.semtracker.datasets.interaction_classes import VERBS
from projects.semtracker.models.event_spans import EventRules, RunningEvents
from projects.semtracker.models.event_text import PHRASES, event_phrase, event_text
from projects.semtracker.models.interaction_branch import (
    InteractionBranch,
    TemporalHead,
    box_geometry,
    interaction_loss,
)
from projects.semtracker.models.meta_learning import (
    Episodes,
    MetaLearning,
    episode_loss,
    mean_episode_loss,
)
from projects.semtracker.models.self_adaptation import SelfAdaptation
from projects.semtracker.models.target_semantics import (
    SemanticsBuffer,
    TargetSemantics,
    companions_of,
)

VIDEO = VideoInfo('v', 'v', fps=8.0, width=320, height=192)
BATCH_SIZES = ((10,), (1,) * 10, (3, 7))  # of the same ten frames


def small_head(**options) -> TemporalHead:
    torch.manual_seed(0)
    sizes = dict(channels=8, heads=2, layers=2, window=4, num_verbs=3, num_partners=2)
    return TemporalHead(**sizes | options)


def random_episodes(count: int = 3, frames: int = 8, dtype=torch.float32) -> Episodes:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(count, frames, 8, generator=generator).to(dtype)
    verbs = torch.randint(0, 4, (count, frames, 2), generator=generator)
    partners = torch.randint(0, 2, (count, frames, 2), generator=generator)
    partners[verbs == 0] = -1
    return Episodes(vectors, verbs, partners, torch.ones(count, frames).bool())


def test_streaming_gives_what_the_whole_video_gives() -> None:
    head = small_head().eval()
    nn.init.normal_(head.age)
    frames = torch.randn(1, 15, 8)
    video_logits, _ = head(frames)
    parts, past = [], None
    for size in (1, 4, 7, 3):
        start = sum(part.shape[1] for part in parts)
        logits, past = head(frames[:, start : start + size], past)
        assert all(part.shape[1] <= 3 for part in past)  # window - 1, however long
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), video_logits, atol=1e-5, rtol=1e-5)


def test_nothing_comes_from_the_future_or_the_long_past() -> None:
    head = small_head(layers=1).eval()
    frames = torch.randn(1, 12, 8)
    changed = frames.clone()
    changed[:, 6, 0] += 3
    is_unchanged = (head(frames)[0] - head(changed)[0]).abs().amax((0, 2, 3)) < 1e-6
    assert is_unchanged.tolist() == [True] * 6 + [False] * 4 + [True] * 2


def test_the_adapted_part_has_no_batch_statistics_and_no_dropout() -> None:
    kinds = {type(module).__name__ for module in small_head().modules()}
    assert not {k for k in kinds if 'BatchNorm' in k or 'Dropout' in k}


def test_the_loss_is_cross_entropy_of_what_is_known() -> None:
    episodes = random_episodes()
    episodes.verbs[0, 0, 0] = -1  # a verb that is not in the vocabulary
    episodes.mask[1, 5:] = False
    logits = torch.randn(3, 8, 2, 6)
    has_verb = episodes.mask[..., None] & (episodes.verbs >= 0)
    verbs = F.cross_entropy(logits[..., :4][has_verb], episodes.verbs[has_verb])
    has_partner = has_verb & (episodes.partners >= 0)
    partners = F.cross_entropy(
        logits[..., 4:][has_partner], episodes.partners[has_partner]
    )
    columns = episodes.verbs, episodes.partners, episodes.mask
    loss = interaction_loss(logits, *columns, 3)
    torch.testing.assert_close(loss, verbs + partners)


def test_second_order_gradient_is_that_of_finite_differences() -> None:
    head = small_head().double()
    episodes = random_episodes(2, 6, torch.float64)
    meta = MetaLearning(inner_steps=2, inner_lr=0.3)
    meta.loss(head, episodes).backward()
    first_order_head = small_head().double()
    MetaLearning(inner_steps=2, inner_lr=0.3, second_order=False).loss(
        first_order_head, episodes
    ).backward()
    step, gaps = 1e-5, []
    for name in ('classify.weight', 'layers.0.attention.value.weight', 'age'):
        weight = head.get_parameter(name)
        entry = (0, 1)
        gradient = weight.grad[entry].item()
        with torch.no_grad():
            values = []
            for sign in (1, -1):
                weight[entry] += sign * step
                values.append(meta.loss(head, episodes).item())
                weight[entry] -= sign * step
        assert gradient == pytest.approx(
            (values[0] - values[1]) / 2 / step, rel=1e-4, abs=1e-8
        )
        gaps.append(
            abs(gradient - first_order_head.get_parameter(name).grad[entry].item())
        )
    assert max(gaps) > 1e-4  # first order leaves something out


def test_episodes_side_by_side_are_episodes_one_by_one() -> None:
    head, episodes = small_head(), random_episodes()
    episodes.mask[2, 4:] = False
    for second_order in (False, True):
        meta = MetaLearning(inner_steps=3, second_order=second_order)
        batch_loss = meta.loss(head, episodes)
        episode_losses = [
            meta.loss(
                head,
                Episodes(*(column[k : k + 1] for column in vars(episodes).values())),
            )
            for k in range(3)
        ]
        torch.testing.assert_close(batch_loss, torch.stack(episode_losses).mean())


def test_the_support_may_be_of_another_clip() -> None:
    head, episodes = small_head(), random_episodes()
    meta = MetaLearning(inner_lr=0.3, plain_weight=0.0)
    companions = torch.tensor([1, 0, 2])
    support_mask = meta.support_mask(episodes.mask)
    losses = []
    for query_clip, support_clip in enumerate(companions.tolist()):
        support = Episodes(*(c[[support_clip]] for c in episodes.columns))
        adapted = meta.adapted(
            head,
            dict(head.named_parameters()),
            support.with_mask(support_mask[[support_clip]]),
        )
        query = Episodes(*(c[[query_clip]] for c in episodes.columns))
        losses.append(
            episode_loss(head, adapted, query.with_mask(~support_mask[[query_clip]]))
        )
    loss = meta.loss(head, episodes, companions)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert (loss - meta.loss(head, episodes)).abs() > 1e-4
    assert companions_of(['a', 'b', 'a']).tolist() == [2, 1, 0]


def test_the_support_comes_before_the_query() -> None:
    mask = torch.ones(2, 6).bool()
    mask[1, 4:] = False
    support = MetaLearning(support_ratio=0.5).support_mask(mask)
    assert support.int().tolist() == [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0]]


def test_the_support_of_a_companion_ends_before_the_query() -> None:
    _, episodes = small_head(), random_episodes()
    meta = MetaLearning(support_ratio=0.5)
    # Frames 1 to 8, 4 to 11 and 9 to 16 of one video.
    frame_ids = torch.tensor([[1], [4], [9]]) + torch.arange(8)
    companions = torch.tensor([1, 2, 0])
    support, query = meta.support_and_query(episodes, companions, frame_ids)
    assert query.mask.int().tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]] * 3
    # The queries begin in frames 5, 8 and 13.
    assert support.mask.sum(dim=1).tolist() == [1, 0, 8]
    for clip, companion in enumerate(companions.tolist()):
        assert torch.equal(support.frames[clip], episodes.frames[companion])
        ids = frame_ids[companion][support.mask[clip]]
        assert (ids < frame_ids[clip][query.mask[clip]].min()).all()


def test_a_mean_over_episodes_of_different_length() -> None:
    head, episodes = small_head(), random_episodes()
    mask = torch.zeros(3, 8).bool()
    mask[0, :2] = mask[1, :7] = True  # the third one has no frame that counts
    query = episodes.with_mask(mask)
    weights = dict(head.named_parameters())
    losses = [
        episode_loss(head, weights, Episodes(*(c[[k]] for c in query.columns)))
        for k in range(2)
    ]
    mean = mean_episode_loss(head, weights, query.as_single_targets())
    torch.testing.assert_close(mean, torch.stack(losses).mean())
    assert (mean - episode_loss(head, weights, query)).abs() > 1e-4
    # An adaptation of size zero is none.
    support = episodes.with_mask(~mask).as_single_targets()
    outer = MetaLearning(inner_lr=1e-9).outer_loss(
        head, support, query.as_single_targets()
    )
    torch.testing.assert_close(outer, mean)


def test_adaptation_lowers_the_loss_of_the_support() -> None:
    head, episodes = small_head(), random_episodes(1)
    meta = MetaLearning(inner_steps=5, inner_lr=0.2)
    support_mask = meta.support_mask(episodes.mask)
    support = episodes.with_mask(support_mask)
    weights = dict(head.named_parameters())
    loss_before = episode_loss(head, weights, support)
    loss_after = episode_loss(head, meta.adapted(head, weights, support), support)
    assert loss_after < 0.8 * loss_before
    # Without a step the outer loss is the plain one of the query frames.
    unadapted_loss = MetaLearning(inner_steps=1, inner_lr=1e-9).loss(head, episodes)
    query = episodes.with_mask(episodes.mask & ~support_mask)
    plain_loss = episode_loss(head, weights, query)
    torch.testing.assert_close(unadapted_loss, plain_loss)


def test_labels_of_frames() -> None:
    table = Interactions(
        np.array([7, -1, 7, 7]),
        np.array([-1, 7, -1, -1]),
        np.array(['a', 'b', 'zzz', 'b']),
        np.array([1, 2, 5, 3]),
        np.array([4, 3, 6, 4]),
        partner_labels=np.array(['man', 'man', 'man', 'elephant']),
    )
    verbs, partners = frame_labels(table, np.arange(1, 8), ('a', 'b'), ('man', 'box'))
    assert verbs[:, 0].tolist() == [1, 1, 2, 2, -1, -1, 0]  # the later one counts
    assert verbs[:, 1].tolist() == [0, 2, 2, 0, 0, 0, 0]
    assert partners[:, 0].tolist() == [0, 0, -1, -1, 0, 0, -1]


def test_geometry_is_of_the_box_and_its_motion() -> None:
    boxes = torch.tensor([[0.0, 0, 20, 40], [5, 0, 25, 40]], dtype=torch.float64)
    sizes = torch.tensor([[100.0, 80.0]] * 2, dtype=torch.float64)
    rows = box_geometry(boxes, sizes, torch.tensor([0.0, 0.125], dtype=torch.float64))
    torch.testing.assert_close(
        rows[0], torch.tensor([0, 0, 0.2, 0.5, 0, 0, 0, 0, 0.001])
    )
    # 5 pixels of a height of 40 in an eighth of a second.
    torch.testing.assert_close(
        rows[1], torch.tensor([0.05, 0, 0.25, 0.5, 1.0, 0, 0, 0, 0.125])
    )


def running_events(values: np.ndarray, gaps: set[int] = frozenset(), **rules) -> list:
    """Events of frames 1 to T; the target was lost before those in ``gaps``."""
    defaults = dict(num_verbs=2, smoothing=1, min_frames=2, threshold=0.3)
    events = RunningEvents(EventRules(**defaults | rules))
    for row, probabilities in enumerate(values):
        if row in gaps:
            events.cut()
        events.push(row + 1, probabilities)
    assert len(events._window) <= events.rules.smoothing
    return events.events()


def test_spans_of_the_likeliest_verb() -> None:
    values = np.full((10, 2, 5), 0.1)
    values[[0, 1, 2, 3, 9], 0, 1] = 0.8  # a run of four, and one of one
    values[4:9, 0, 0] = 0.8
    values[:, 1, 0] = 0.8
    values[:, 0, 4] = 0.7
    (event,) = running_events(values)
    span = event.first_frame, event.last_frame
    assert (event.verb, event.role, event.partner, *span) == (1, 0, 1, 1, 4)
    assert event.score == pytest.approx(0.8)
    assert not running_events(values, threshold=0.9)
    assert [e.last_frame for e in running_events(values, {2})] == [2, 4]
    # The mean over three frames takes the lone frame 10 and gives frame 4 less.
    assert not running_events(values, smoothing=3, min_frames=5)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 5]))
@settings(max_examples=30, deadline=None)
def test_running_events_are_those_of_the_whole_video(seed: int, width: int) -> None:
    """Against smoothing and runs of the whole video, segment by segment."""
    rng = np.random.default_rng(seed)
    num_frames = int(rng.integers(1, 25))
    values = rng.dirichlet([0.3] * 5, (num_frames, 2))
    gaps = {int(g) for g in rng.integers(1, 30, 2) if g < num_frames}
    rules = dict(smoothing=width, min_frames=2, threshold=0.35)
    events = running_events(values, gaps, **rules)
    expected = set()
    edges = [0, *sorted(gaps), num_frames]
    for start, end in zip(edges, edges[1:], strict=False):
        part, radius = values[start:end], width // 2
        means = np.stack(
            [
                part[max(t - radius, 0) : t + radius + 1].mean(0)
                for t in range(end - start)
            ]
        )
        for role in range(2):
            verbs = means[:, role, :3].argmax(1)
            for start_row, end_row in itertools.combinations_with_replacement(
                range(len(verbs)), 2
            ):
                is_run = (verbs[start_row : end_row + 1] == verbs[start_row]).all()
                is_whole = (
                    start_row == 0 or verbs[start_row - 1] != verbs[start_row]
                ) and (
                    end_row == len(verbs) - 1 or verbs[end_row + 1] != verbs[start_row]
                )
                score = means[start_row : end_row + 1, role, verbs[start_row]].mean()
                if (
                    is_run
                    and is_whole
                    and verbs[start_row]
                    and end_row > start_row
                    and score >= 0.35
                ):
                    partner = means[start_row : end_row + 1, role, 3:].mean(0).argmax()
                    span = start + start_row + 1, start + end_row + 1
                    expected.add(
                        (verbs[start_row], role, partner, *span, round(score, 9))
                    )
    assert {(*astuple(e)[:5], round(e.score, 9)) for e in events} == expected
    assert events == sorted(events, key=lambda e: (e.first_frame, e.role))


def test_what_is_held_of_a_target_does_not_grow() -> None:
    values = np.tile([0.1, 0.8, 0.1, 0.5, 0.5], (2, 1))
    events = RunningEvents(EventRules(2, 3, 3, 0.3))
    sizes = []
    for frame_id in range(1, 2001):
        events.push(frame_id, values)
        if frame_id in (100, 2000):
            sizes.append(len(pickle.dumps(events)))
    assert abs(sizes[1] - sizes[0]) < 20  # larger numbers of frames alone
    assert [(e.first_frame, e.last_frame) for e in events.events()] == [(1, 2000)] * 2


def test_parts_of_a_target_are_joined() -> None:
    values = np.tile([0.1, 0.8, 0.1, 0.5, 0.5], (2, 1))
    parts = []
    for first in (11, 1):
        parts.append(RunningEvents(EventRules(2, 3, 3, 0.3)))
        for frame_id in range(first, first + 10):
            parts[-1].push(frame_id, values)
    parts[1].join(parts[0])
    parts[1].push(21, values)
    spans = [(e.first_frame, e.last_frame) for e in parts[1].events() if not e.role]
    assert spans == [(1, 10), (11, 21)]


def test_events_in_words() -> None:
    assert {*PHRASES} == {*VERBS}
    assert event_phrase('ride.v.01', 'subject', 'bicycle') == 'rides a bicycle'
    assert event_phrase('dodge.v.01', 'object', '') == 'is dodged by somebody'
    assert event_phrase('kiss.v.01', 'subject', 'elephant') == 'kisses an elephant'
    assert event_text([]) == 'The target interacts with nobody.'
    text = event_text(
        [
            ('approach.v.01', 'object', 'man', 1, 8),
            ('talk.v.01', 'subject', 'man', 9, 19),
            ('talk.v.01', 'object', 'man', 10, 20),
            ('approach.v.01', 'object', 'man', 21, 24),
        ]
    )
    assert text == (
        'The target is approached by a man (frames 1 to 8), then talks with a man '
        '(frames 9 to 20), then is approached by a man (frames 21 to 24).'
    )


def test_the_longest_events_are_told() -> None:
    """Of ten events the two shortest are counted alone; of equal ones the first are told."""
    lengths = [3, 9, 4, 9, 9, 2, 9, 5, 9, 3]
    starts = [10 * number for number in range(1, 11)]
    events = [
        ('talk.v.01', 'subject', 'man', start, start + length - 1)
        for start, length in zip(starts, lengths, strict=True)
    ]
    text = event_text(events)
    spans = [
        f'(frames {start} to {start + length - 1})'
        for start, length in zip(starts, lengths, strict=True)
        if start not in (60, 100)
    ]
    assert text == (
        'The target '
        + ', then '.join(f'talks with a man {span}' for span in spans)
        + '. Shorter events: 2.'
    )


def small_semantics(**options) -> TargetSemantics:
    torch.manual_seed(0)
    branch = InteractionBranch(
        counts=(2, 4, 1), token_channels=8, channels=8, heads=2, window=4
    )
    return TargetSemantics(branch=branch, threshold=0.0, min_frames=1, **options).eval()


def frames_and_tracks(count: int = 10) -> tuple[list[Frame], list[Tracks]]:
    generator = torch.Generator().manual_seed(3)
    frames, tracks = [], []
    for t in range(count):
        frames.append(Frame(VIDEO, t + 1, t / 8))
        box = np.array([[10.0 + 3 * t, 20, 40 + 3 * t, 120]])
        features = 3 * torch.randn(1, 7, 8, generator=generator)
        ids, labels = np.array([1]), np.array([0])
        tracks.append(Tracks(ids, box, np.ones(1), labels, labels, features))
    return frames, tracks


def streamed(
    semantics: TargetSemantics,
    frames: list[Frame],
    tracks: list[Tracks],
    sizes: tuple[int, ...],
) -> SemanticsBuffer:
    """The buffer after batches of these sizes."""
    buffer, start = semantics.begin(), 0
    for size in sizes:
        part = slice(start, start + size)
        semantics.update(buffer, None, frames[part], tracks[part])
        start += size
    return buffer


def test_events_do_not_depend_on_the_batches() -> None:
    semantics = small_semantics()
    frames, tracks = frames_and_tracks()
    tables = []
    for sizes in BATCH_SIZES:
        buffer = streamed(semantics, frames, tracks, sizes)
        description = semantics.generate(buffer)
        tables.append(vars(description.interactions))
        assert description.captions[1].startswith('The target ')
    assert len(tables[0]['verbs']) > 1
    for table in tables[1:]:
        for name, column in tables[0].items():
            if name == 'scores':
                np.testing.assert_allclose(table[name], column, atol=1e-3)
            else:
                np.testing.assert_array_equal(table[name], column)


def test_a_described_target_is_forgotten() -> None:
    semantics = small_semantics()
    buffer = semantics.begin()
    semantics.update(buffer, None, *frames_and_tracks())
    assert buffer.ids == [1] and not semantics.generate(buffer, caption_ids=[]).captions
    buffer.rename({1: 4})
    table = semantics.generate(buffer).interactions
    assert {*table.subject_ids.tolist(), *table.object_ids.tolist()} == {-1, 4}
    buffer.forget([4])
    assert not len(semantics.generate(buffer).interactions)


def clip_loss(semantics: TargetSemantics) -> torch.Tensor:
    frames, tracks = frames_and_tracks(8)
    sample = SMOTDataSample(metainfo=dict(video=VIDEO))
    sample.gt_interactions = Interactions(
        np.array([1]),
        np.array([-1]),
        np.array(['talk.v.01']),
        np.array([1]),
        np.array([6]),
        partner_labels=np.array(['man']),
    )
    table = Trajectories.from_tracks([f.frame_id for f in frames], tracks)
    tokens = torch.cat([t.features for t in tracks]).requires_grad_()
    estimate = EstimatorLoss({}, None, [table], [{1: 1}], track_features=tokens)
    loss = semantics.loss(estimate, [[frame] for frame in frames], [sample])
    loss['loss_interaction'].backward()
    assert tokens.grad.abs().sum() > 0
    return loss['loss_interaction']


def test_training_plain_and_by_episodes() -> None:
    plain_loss = clip_loss(small_semantics())
    meta_loss = clip_loss(
        small_semantics(meta=dict(type='MetaLearning', inner_steps=1))
    )
    sum_loss = clip_loss(
        small_semantics(meta=dict(type='MetaLearning', inner_steps=1, plain_weight=1.0))
    )
    torch.testing.assert_close(sum_loss, (plain_loss + meta_loss) / 2)


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The probabilities of every frame that any target's events take in."""
    rows, push = [], RunningEvents.push

    def recorded(self, frame_id, probabilities) -> None:
        rows.append(probabilities)
        push(self, frame_id, probabilities)

    monkeypatch.setattr(RunningEvents, 'push', recorded)
    return rows


def test_self_adaptation_changes_the_target_and_not_the_model(pushed: list) -> None:
    adaptation = dict(type='SelfAdaptation', num_frames=4, confidence=0.0, inner_lr=1.0)
    semantics, plain_semantics = (
        small_semantics(self_adaptation=adaptation),
        small_semantics(),
    )
    weights_before = {n: w.clone() for n, w in semantics.named_parameters()}
    for model in (semantics, plain_semantics):
        streamed(model, *frames_and_tracks(), (3, 7))
    buffers = np.stack(pushed[:10]), np.stack(pushed[10:])
    # The four frames that it adapts to are the model's own.
    np.testing.assert_allclose(buffers[0][:4], buffers[1][:4], atol=1e-6)
    assert np.abs(buffers[0][4:] - buffers[1][4:]).max() > 0.01
    for name, weight in semantics.named_parameters():
        assert torch.equal(weight, weights_before[name])


def test_self_adaptation_does_not_depend_on_the_batches(pushed: list) -> None:
    adaptation = dict(type='SelfAdaptation', num_frames=4, confidence=0.0, inner_lr=1.0)
    semantics = small_semantics(self_adaptation=adaptation)
    frames, tracks = frames_and_tracks()
    results = []
    for sizes in BATCH_SIZES:
        buffer = streamed(semantics, frames, tracks, sizes)
        results.append(np.stack(pushed[-10:]))
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=1e-3)
    buffer.rename({1: 2})
    assert buffer.targets[2].head_weights is not None


def test_the_adapted_head_remembers_the_first_frames_by_its_own_weights() -> None:
    adaptation = SelfAdaptation(num_frames=4, confidence=0.0, inner_lr=1.0)
    semantics = small_semantics(self_adaptation=adaptation)
    branch, (frames, tracks) = semantics.branch, frames_and_tracks(5)
    target = streamed(semantics, frames, tracks, (5,)).targets[1]
    boxes = torch.from_numpy(np.concatenate([part.boxes for part in tracks]))
    sizes = torch.tensor([[VIDEO.width, VIDEO.height]] * 5).double()
    geometry = box_geometry(boxes, sizes, torch.arange(5).double() / 8)
    tokens = torch.cat([part.features for part in tracks])
    vectors = branch.encoder(tokens, geometry.float())[None].detach()
    weights = dict(adaptation.adapted(branch, vectors[:, :4]))
    call = torch.func.functional_call
    _, expected = call(branch.head, weights, (vectors, None))  # all five frames
    torch.testing.assert_close(target.past, expected, atol=1e-4, rtol=1e-4)
    # Neither a past by the model's weights nor none gives what is remembered.
    _, old = call(branch.head, {}, (vectors[:, :4], None))
    for past in (old, None):
        _, next_past = call(branch.head, weights, (vectors[:, 4:], past))
        with pytest.raises(AssertionError):
            torch.testing.assert_close(next_past, expected, atol=1e-4, rtol=1e-4)


def test_no_event_reaches_over_frames_without_the_target(monkeypatch) -> None:
    semantics = small_semantics()
    values = np.random.default_rng(0).random((1, 2, 1 + 32 + 11))
    values[..., 0] = 0.0  # one verb all the time
    monkeypatch.setattr(
        semantics,
        '_classes',
        lambda target, vectors: np.repeat(values, len(vectors), 0),
    )
    frames, tracks = frames_and_tracks(12)
    absent_frames = slice(5, 9)
    tracks[absent_frames] = [part[np.zeros(1, bool)] for part in tracks[absent_frames]]
    buffer = streamed(semantics, frames, tracks, (7, 5))
    table = semantics.generate(buffer).interactions
    spans = {*zip(table.start_frames.tolist(), table.end_frames.tolist(), strict=True)}
    assert len(table) and spans == {(1, 5), (10, 12)}


def test_verbs_that_the_branch_lacks_are_refused() -> None:
    semantics = small_semantics()
    sample = SMOTDataSample()
    sample.video = VIDEO
    sample.gt_interactions = Interactions(
        np.array([1]), np.array([-1]), np.array(['relation 7'])
    )
    with pytest.raises(ValueError, match="'relation 7' is not among the 32 classes"):
        semantics.loss(None, [], [sample])


def test_options_out_of_range() -> None:
    with pytest.raises(ValueError, match='smoothing must be odd'):
        small_semantics(smoothing=2)
    with pytest.raises(ValueError, match='inner_steps'):
        MetaLearning(inner_steps=0)


def test_a_classifier_of_single_frames_sees_no_motion() -> None:
    torch.manual_seed(0)
    still = InteractionBranch(use_context=False, use_motion=False, window=1).eval()
    moving = InteractionBranch(use_context=False, window=1).eval()
    moving.load_state_dict(still.state_dict())
    tokens, geometry = torch.randn(3, 6, 96), torch.rand(3, 9)
    faster = geometry.clone()
    faster[:, 4:] += 1
    torch.testing.assert_close(
        still.encoder(tokens, geometry), still.encoder(tokens, faster)
    )
    assert not torch.equal(
        moving.encoder(tokens, geometry), moving.encoder(tokens, faster)
    )
    farther = geometry + torch.tensor([0.1] * 4 + [0.0] * 5)
    assert not torch.equal(
        still.encoder(tokens, geometry), still.encoder(tokens, farther)
    )
