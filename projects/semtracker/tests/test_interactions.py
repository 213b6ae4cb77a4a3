"""Interaction branch, meta-learning, spans, story: causal, streamed, differentiable."""

from __future__ import annotations

import numpy as np
import pytest
import torch
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
)
from projects.semtracker.models.story_spans import role_events, smoothed
from projects.semtracker.models.story_text import PHRASES, event_phrase, story_text
from projects.semtracker.models.target_story import StoryBuffer, TargetStory

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


def test_the_support_comes_before_the_query() -> None:
    mask = torch.ones(2, 6).bool()
    mask[1, 4:] = False
    support = MetaLearning(support_ratio=0.5).support_mask(mask)
    assert support.int().tolist() == [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0]]


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


def test_spans_of_the_likeliest_verb() -> None:
    verbs = np.full((10, 3), 0.1)
    verbs[[0, 1, 2, 3, 9], 1] = 0.8  # a run of four, and one of one
    verbs[4:9, 0] = 0.8
    partners = np.tile([0.2, 0.8], (10, 1))
    (event,) = role_events(verbs, partners, 0, 2, 0.3)
    assert (event.verb, event.partner, event.first_row, event.last_row) == (1, 1, 0, 3)
    assert event.score == pytest.approx(0.8)
    assert not role_events(verbs, partners, 0, 2, 0.9)
    np.testing.assert_allclose(
        smoothed(np.array([0.0, 0, 3, 0, 0]), 3), [0, 1, 1, 1, 0]
    )


def test_the_story_in_words() -> None:
    assert {*PHRASES} == {*VERBS}
    assert event_phrase('ride.v.01', 'subject', 'bicycle') == 'rides a bicycle'
    assert event_phrase('dodge.v.01', 'object', '') == 'is dodged by somebody'
    assert event_phrase('kiss.v.01', 'subject', 'elephant') == 'kisses an elephant'
    assert story_text([]) == 'The target interacts with nobody.'
    text = story_text(
        [
            ('approach.v.01', 'object', 'man', 1, 8),
            ('talk.v.01', 'subject', 'man', 9, 20),
            ('talk.v.01', 'object', 'man', 9, 20),
        ]
    )
    assert text == (
        'The target is approached by a man (frames 1 to 8), then talks with a man '
        '(frames 9 to 20).'
    )


def small_story(**options) -> TargetStory:
    torch.manual_seed(0)
    branch = InteractionBranch(
        counts=(2, 4, 1), token_channels=8, channels=8, heads=2, window=4
    )
    return TargetStory(branch=branch, threshold=0.0, min_frames=1, **options).eval()


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
    story: TargetStory,
    frames: list[Frame],
    tracks: list[Tracks],
    sizes: tuple[int, ...],
) -> StoryBuffer:
    """The buffer after batches of these sizes."""
    buffer, start = story.begin(), 0
    for size in sizes:
        part = slice(start, start + size)
        story.update(buffer, None, frames[part], tracks[part])
        start += size
    return buffer


def test_a_story_does_not_depend_on_the_batches() -> None:
    story = small_story()
    frames, tracks = frames_and_tracks()
    tables = []
    for sizes in BATCH_SIZES:
        buffer = streamed(story, frames, tracks, sizes)
        description = story.generate(buffer)
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
    story = small_story()
    buffer = story.begin()
    story.update(buffer, None, *frames_and_tracks())
    assert buffer.ids == [1] and not story.generate(buffer, caption_ids=[]).captions
    buffer.rename({1: 4})
    table = story.generate(buffer).interactions
    assert {*table.subject_ids.tolist(), *table.object_ids.tolist()} == {-1, 4}
    buffer.forget([4])
    assert not len(story.generate(buffer).interactions)


def clip_loss(story: TargetStory) -> torch.Tensor:
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
    loss = story.loss(estimate, [[frame] for frame in frames], [sample])
    loss['loss_interaction'].backward()
    assert tokens.grad.abs().sum() > 0
    return loss['loss_interaction']


def test_training_plain_and_by_episodes() -> None:
    plain_loss = clip_loss(small_story())
    meta_loss = clip_loss(small_story(meta=dict(type='MetaLearning', inner_steps=1)))
    sum_loss = clip_loss(
        small_story(meta=dict(type='MetaLearning', inner_steps=1, plain_weight=1.0))
    )
    torch.testing.assert_close(sum_loss, plain_loss + meta_loss)


def test_self_adaptation_changes_the_target_and_not_the_model() -> None:
    adaptation = dict(type='SelfAdaptation', num_frames=4, confidence=0.0, inner_lr=1.0)
    story, plain_story = small_story(self_adaptation=adaptation), small_story()
    weights_before = {n: w.clone() for n, w in story.named_parameters()}
    buffers = []
    for model in (story, plain_story):
        buffer = streamed(model, *frames_and_tracks(), (3, 7))
        buffers.append(np.stack(buffer.targets[1].probabilities))
    # The four frames that it adapts to are the model's own.
    np.testing.assert_array_equal(buffers[0][:4], buffers[1][:4])
    assert np.abs(buffers[0][4:] - buffers[1][4:]).max() > 0.01
    for name, weight in story.named_parameters():
        assert torch.equal(weight, weights_before[name])


def test_self_adaptation_does_not_depend_on_the_batches() -> None:
    adaptation = dict(type='SelfAdaptation', num_frames=4, confidence=0.0, inner_lr=1.0)
    story = small_story(self_adaptation=adaptation)
    frames, tracks = frames_and_tracks()
    results = []
    for sizes in BATCH_SIZES:
        buffer = streamed(story, frames, tracks, sizes)
        results.append(np.stack(buffer.targets[1].probabilities).astype(float))
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=1e-3)
    buffer.rename({1: 2})
    assert buffer.targets[2].head_weights is not None


def test_no_event_reaches_over_frames_without_the_target() -> None:
    story = small_story()
    frames, tracks = frames_and_tracks(12)
    absent_frames = slice(5, 9)
    tracks[absent_frames] = [part[np.zeros(1, bool)] for part in tracks[absent_frames]]
    buffer = streamed(story, frames, tracks, (7, 5))
    target = buffer.targets[1]
    target.probabilities = [target.probabilities[0]] * 8  # one verb all the time
    table = story.generate(buffer).interactions
    spans = {*zip(table.start_frames.tolist(), table.end_frames.tolist(), strict=True)}
    assert len(table) and spans == {(1, 5), (10, 12)}


def test_verbs_that_the_branch_lacks_are_refused() -> None:
    story = small_story()
    sample = SMOTDataSample()
    sample.video = VIDEO
    sample.gt_interactions = Interactions(
        np.array([1]), np.array([-1]), np.array(['relation 7'])
    )
    with pytest.raises(ValueError, match="'relation 7' is not among the 32 classes"):
        story.loss(None, [], [sample])


def test_options_out_of_range() -> None:
    with pytest.raises(ValueError, match='smoothing must be odd'):
        small_story(smoothing=2)
    with pytest.raises(ValueError, match='inner_steps'):
        MetaLearning(inner_steps=0)
