"""The contract of the estimator slot, held by all four papers' configs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Frame, Prompt
from projects.query_trackers import query_interaction
from projects.query_trackers.deformable_decoding import decode
from projects.query_trackers.denoising import denoising_attn_mask
from projects.query_trackers.matched_queries import MatchedQueries, with_trajectories
from projects.query_trackers.queries import (
    PADDING,
    FrameTargets,
    Outputs,
    Queries,
)
from projects.query_trackers.tests.conftest import (
    PAPERS,
    assert_equal_results,
    batch,
    clip,
    easy_lifecycle,
    results_of,
    walking,
)
from projects.query_trackers.text_hook import TextHook


@pytest.mark.parametrize('paper', PAPERS)
def test_two_videos_at_once_are_each_as_alone(paper: str, build: Callable) -> None:
    model = easy_lifecycle(build(paper))
    state = copy.deepcopy(model.state_dict())
    frames, _ = clip(walking(3), 'first')
    other_frames, _ = clip(walking(3, 4)[::-1], 'second')
    first_results, other_results = results_of(model, frames, other_frames)
    assert_equal_results(first_results, results_of(model, frames)[0])
    assert_equal_results(other_results, results_of(model, other_frames)[0])
    # Nothing of a video stays in the model.
    assert model.state_dict().keys() == state.keys()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weight, state[name], rtol=0, atol=0)


@pytest.mark.parametrize('paper', ['transtrack', 'motr'])
def test_frames_in_one_batch_are_as_one_by_one(paper: str, build: Callable) -> None:
    model = easy_lifecycle(build(paper))
    frames, _ = clip(walking(3))
    run = model.begin(frames[0].video)
    batch_results = [(r.tracks.ids, r.tracks.boxes) for r in run.push(frames)]
    assert_equal_results(batch_results, results_of(model, frames)[0])


def random_queries(count: int, numbers: int, seed: int = 0) -> Queries:
    generator = torch.Generator().manual_seed(seed)
    draw = [torch.rand(2, count, n, generator=generator) for n in (64, numbers, 64)]
    queries = Queries.new(draw[0], draw[1], None if numbers == 4 else draw[2])
    is_track = torch.zeros_like(queries.is_track)
    is_track[:, count // 2 :] = True
    return replace(queries, is_track=is_track)


@pytest.mark.parametrize('paper', PAPERS)
@torch.no_grad()
def test_padding_changes_nothing(paper: str, build: Callable) -> None:
    """Two frames with 9 and 5 queries are as each by itself, track attention included."""
    estimator = build(paper).estimator
    frames, _ = clip(walking(2))
    memory = estimator.encode(estimator.detector.extract(frames))
    queries = random_queries(9, 4 if paper == 'motrv2' else 2)
    ids = queries.ids.clone()
    ids[1, 5:] = PADDING
    queries = queries.with_ids(ids, is_track=queries.is_track & (ids != PADDING))
    options = dict(
        sine_pos=estimator.sine_pos, track_attention=estimator.track_attention
    )
    model = estimator.detector.model
    padded_outputs = decode(model, memory, queries, **options)
    for row, count in enumerate((9, 5)):
        part = slice(row, row + 1)
        unpadded_queries = queries.map_columns(
            lambda column, part=part, count=count: column[part, :count]
        )
        outputs = decode(model, memory[part], unpadded_queries, **options)
        for name in ('hs', 'boxes', 'logits'):
            torch.testing.assert_close(
                getattr(padded_outputs, name)[:, part, :count],
                getattr(outputs, name),
                rtol=0,
                atol=1e-5,
            )


@torch.no_grad()
def test_updated_tracks_of_a_padded_batch_are_those_alone(build: Callable) -> None:
    for paper in ('motr', 'motrv2', 'trackformer', 'transtrack'):
        estimator = build(paper).estimator
        frames, _ = clip(walking(2))
        memory = estimator.encode(estimator.detector.extract(frames))
        queries = random_queries(6, 4 if paper == 'motrv2' else 2)
        ids = torch.tensor([[1, 2, 3, 4, -1, -1], [5, -1, -1, 6, -1, PADDING]])
        queries = queries.with_ids(ids, is_track=torch.zeros_like(queries.is_track))
        _, outputs = estimator.decode(memory, queries)
        padded_tracks = estimator.updater(queries, outputs)
        second_row = queries.map_columns(lambda column: column[1:, :5])
        _, outputs = estimator.decode(memory[1:], second_row)
        tracks = estimator.updater(second_row, outputs)
        count = len(tracks)
        assert tracks.ids.tolist() == padded_tracks.ids[1:, :count].tolist()
        for name in ('content', 'refs'):
            torch.testing.assert_close(
                getattr(padded_tracks, name)[1:, :count],
                getattr(tracks, name),
                rtol=0,
                atol=1e-5,
            )


def gradient_of_first_frame(model: nn.Module, monkeypatch) -> float:
    """How far the last frame's loss moves the first frame's memory."""
    monkeypatch.setattr(query_interaction, 'ACTIVE_IOU', -1.0)
    monkeypatch.setattr(query_interaction, 'bernoulli', lambda mask, *_: mask)
    estimator = model.train().estimator
    loss = estimator.clip_loss
    monkeypatch.setattr(loss, 'frames_with_loss', lambda count: [count - 1])
    memories = []
    encode = estimator.encode

    def recorded(*args):
        memory = encode(*args)
        memories.append(memory.tokens)
        if memory.tokens.requires_grad:
            memory.tokens.retain_grad()
        return memory

    monkeypatch.setattr(estimator, 'encode', recorded)
    losses = model.loss(*batch(clip(walking(3))))
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    gradient = memories[0].grad
    return 0.0 if gradient is None else float(gradient[0].abs().max())


@pytest.mark.parametrize(
    ('paper', 'reaches'),
    [('motr', True), ('motrv2', True), ('trackformer', False), ('transtrack', False)],
)
def test_gradients_through_time(
    paper: str, reaches: bool, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradient = gradient_of_first_frame(build(paper), monkeypatch)
    assert (gradient > 1e-8) == reaches


def test_the_loss_of_two_clips_is_their_mean_by_targets(build: Callable) -> None:
    """Without draws: 2 x 3 objects in one clip and 1 x 3 in the other."""
    model = build('motr').train()
    updater = model.estimator.updater
    updater.drop_ratio, updater.false_positive_ratio = 0.0, 0.0
    clips = [clip(walking(3, 2), 'two'), clip(walking(3, 1), 'one')]
    losses = [model.loss(*batch(*part)) for part in ([*clips], clips[:1], clips[1:])]
    both_losses, long_losses, short_losses = (
        {name: float(value.detach()) for name, value in part.items()} for part in losses
    )
    for name in both_losses:
        if 'loss' in name:
            mean = (6 * long_losses[name] + 3 * short_losses[name]) / 9
            assert both_losses[name] == pytest.approx(mean, rel=1e-6, abs=1e-5), name


def test_prompts_that_nobody_reads_change_nothing(build: Callable) -> None:
    model = build('motr').train()  # its encoder is frozen
    updater = model.estimator.updater
    updater.drop_ratio, updater.false_positive_ratio = 0.0, 0.0
    frames, sample = clip(walking(3, 2))
    losses = model.loss(*batch((frames, sample)))
    sample.set_metainfo(dict(prompts=(Prompt('red'), Prompt('green'))))
    assert len(losses) > 3
    for name, value in model.loss(*batch((frames, sample))).items():
        torch.testing.assert_close(value, losses[name])


@pytest.mark.parametrize('paper', PAPERS)
def test_clips_that_are_hard(paper: str, build: Callable) -> None:
    """Nobody at all; everybody leaves; one frame: finite losses with a gradient."""
    model = build(paper).train()
    leaving = [*walking(1), {}, {}]
    clips = [[{}, {}, {}], leaving]
    for inputs in (
        batch(*(clip(c, str(n)) for n, c in enumerate(clips))),
        batch(clip(walking(1))),
    ):
        losses = model.loss(*inputs)
        total = sum(value for name, value in losses.items() if 'loss' in name)
        assert torch.isfinite(total)
        total.backward()
    weight = model.estimator.detector.model.bbox_head.cls_branches[-1].weight
    assert weight.grad.abs().max() > 0


@pytest.mark.parametrize('paper', ['transtrack', 'motr'])
def test_more_objects_than_queries_are_counted(paper: str, build: Callable) -> None:
    """Three objects and two queries: one is lost in each frame."""
    model = build(paper)
    network = model.estimator.detector.model
    weight = network.query_embedding.weight[:2].detach().clone()
    network.query_embedding = nn.Embedding.from_pretrained(weight, freeze=False)
    losses = model.train().loss(*batch(clip(walking(2, 3))))
    assert losses['lost_targets'] == 2
    enough_losses = build(paper).train().loss(*batch(clip(walking(2, 3))))
    assert enough_losses['lost_targets'] == 0


def test_denoised_boxes_are_not_seen_by_queries(build: Callable) -> None:
    estimator = build('motrv2').estimator
    frames, sample = clip(walking(1))
    memory = estimator.encode(estimator.detector.extract(frames))
    targets = FrameTargets.of(frames, [sample])
    noisy = estimator.denoising.queries(targets, np.random.default_rng(0))
    torch.testing.assert_close(noisy.refs, targets.boxes, atol=0.032, rtol=0)
    assert not torch.equal(noisy.refs, targets.boxes)
    queries = random_queries(6, 4).map_columns(lambda column: column[:1])
    _, outputs_alone = estimator.decode(memory, queries)
    _, masked_outputs = estimator.decode(
        memory, queries.joined(noisy), None, attn_mask=denoising_attn_mask(6, 2)
    )
    _, unmasked_outputs = estimator.decode(memory, queries.joined(noisy))
    torch.testing.assert_close(
        masked_outputs.hs[:, :, :6], outputs_alone.hs, atol=1e-5, rtol=0
    )
    assert (unmasked_outputs.hs[:, :, :6] - outputs_alone.hs).abs().max() > 1e-3


@pytest.mark.parametrize('paper', ['transtrack', 'motr', 'motrv2'])
def test_tracks_outlive_a_frame_without_numbers(paper: str, build: Callable) -> None:
    """An overflow in one frame: no track there, and the same ones in the next."""
    model = easy_lifecycle(build(paper))
    frames, _ = clip([*walking(1) * 4])
    run = model.begin(frames[0].video)
    (first_result,) = run.push(frames[:1])
    assert len(first_result.tracks)
    embedding = model.estimator.detector.model.level_embed
    conv = model.estimator.detector.model.backbone.conv1.weight
    weights = [(part, part.detach().clone()) for part in (embedding, conv)]
    for part, _ in weights:
        torch.nn.init.constant_(part, torch.nan)
    (second_result,) = run.push(frames[1:2])
    assert len(second_result.tracks) == 0
    for part, weight in weights:
        part.data.copy_(weight)
    (third_result,) = run.push(frames[2:3])
    assert np.intersect1d(first_result.tracks.ids, third_result.tracks.ids).size
    (fourth_result,) = run.push(frames[3:])
    assert np.intersect1d(first_result.tracks.ids, fourth_result.tracks.ids).size


@torch.no_grad()
@pytest.mark.parametrize('paper', ['trackformer', 'motr', 'motrv2'])
def test_a_query_without_numbers_does_not_spoil_others(
    paper: str, build: Callable
) -> None:
    estimator = build(paper).estimator
    frames, _ = clip(walking(2))
    memory = estimator.encode(estimator.detector.extract(frames))
    queries = random_queries(4, 4 if paper == 'motrv2' else 2)
    ids = torch.tensor([[1, 2, 3, 4]] * 2)
    queries = queries.with_ids(ids, is_track=torch.zeros_like(queries.is_track))
    _, outputs = estimator.decode(memory, queries)
    outputs.hs[:, :, 1] = torch.nan
    tracks = estimator.updater(queries, outputs)
    assert torch.isfinite(tracks.content).all() and torch.isfinite(tracks.refs).all()
    torch.testing.assert_close(tracks.content[:, 1], queries.content[:, 1])
    torch.testing.assert_close(tracks.refs[:, 1], queries.refs[:, 1])


def test_an_image_of_another_size_in_one_video(build: Callable) -> None:
    """TransTrack joins maps of two frames; of another size, each is by itself."""
    for paper in ('transtrack', 'motr'):
        model = easy_lifecycle(build(paper))
        frames, _ = clip(walking(2))
        resized_frames, _ = clip(walking(1), size=(64, 64))
        run = model.begin(frames[0].video)
        run.push(frames[:1])
        frame = Frame(frames[0].video, 2, 1.0, load=resized_frames[0].load)
        (result,) = run.push([frame])
        boxes = result.tracks.boxes
        assert len(boxes) and (boxes[:, 2:] - boxes[:, :2] < 130).all()


@torch.no_grad()
@pytest.mark.parametrize(('size', 'is_joined'), [((96, 64), True), ((64, 64), False)])
def test_a_frame_is_joined_with_the_one_before_of_its_size(
    size: tuple, is_joined: bool, build: Callable
) -> None:
    """TransTrack, two frames at once: the second changes with the first, or does not."""
    estimator = build('transtrack').estimator
    (second_frame,), _ = clip(walking(1), size=size)
    memories = []
    for objects in (walking(1), walking(1, 4)):
        (first_frame,), _ = clip(objects)
        _, memory = estimator.features_and_memory([first_frame, second_frame])
        memories.append(memory.tokens[1])
    difference = (memories[0] - memories[1]).abs().max()
    assert (difference > 1e-3) if is_joined else (difference == 0)


@pytest.mark.parametrize('paper', PAPERS)
def test_a_clip_whose_frames_differ_in_size(
    paper: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """96 x 64 then 64 x 96: a finite loss, whose gradient reaches the same frames."""
    model = build(paper).train()
    encode, has_grad = model.estimator.encode, []

    def recorded(features, *args):
        has_grad.append(features.levels[0].requires_grad)
        return encode(features, *args)

    monkeypatch.setattr(model.estimator, 'encode', recorded)
    (frame,), _ = clip(walking(1))
    frames, sample = clip(walking(2))
    (turned,), _ = clip(walking(1), size=(64, 96))
    frames = [frame, replace(frames[1], load=turned.load)]
    losses = model.loss(*batch((frames, sample)))
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert torch.isfinite(total)
    assert has_grad == ([True] if 'motr' in paper else [False, True])
    weight = model.estimator.detector.model.backbone.conv1.weight
    assert weight.grad.abs().max() > 0


def test_boxes_of_a_clip_are_in_pixels_of_their_frames() -> None:
    (frame, _), sample = clip(walking(2))
    (large_frame,), _ = clip(walking(1), size=(192, 128))
    frames = [frame, Frame(frame.video, 2, 0.25, load=large_frame.load)]
    matched_queries = MatchedQueries()
    box = torch.tensor([[[[0.5, 0.5, 0.5, 0.5]]]])  # cx, cy, w, h
    queries = Queries.new(torch.zeros(1, 1, 4), box[0])
    queries = queries.with_ids(torch.tensor([[1]]))
    outputs = Outputs(torch.zeros(1, 1, 1, 4), box, torch.zeros(1, 1, 1, 1))
    for step in range(2):
        targets = FrameTargets.of([frames[step]], [sample])
        matched_queries.add(step, queries, outputs, targets, torch.tensor([[0]]))
    assert matched_queries.num_lost == 2  # the other one of two in each frame
    features = SimpleNamespace(sizes=torch.tensor([[96.0, 64.0], [192.0, 128.0]]))
    plan = ClipPlan(detection_rows=[0, 1], grad_rows=[0, 1])
    estimate = with_trajectories(
        matched_queries, features, [[frame] for frame in frames], [sample], plan, {}
    )
    np.testing.assert_allclose(
        estimate.trajectories[0].boxes, [[24, 16, 72, 48], [48, 32, 144, 96]]
    )


def test_one_decoder_is_drawn_for_the_last_frame_alone(
    build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The track decoder learns in half of the steps, however long the clip."""
    estimator = build('transtrack').train().estimator
    decode_frame, tracks = estimator.decode, []

    def recorded(memory, queries, track_queries=None, *args):
        tracks.append(track_queries is not None and len(track_queries) > 0)
        return decode_frame(memory, queries, track_queries, *args)

    monkeypatch.setattr(estimator, 'decode', recorded)
    inputs, samples = batch(clip(walking(3)))
    plan = ClipPlan(
        detection_rows=[0, 1, 2],
        grad_rows=[0, 1, 2],
        semantic_losses=False,
        generator=SimpleNamespace(random=lambda: 0.1),  # always the track decoder
    )
    estimator.loss(inputs, samples, plan=plan)
    assert tracks == [False, False, True]


def test_a_checkpoint_with_other_queries_is_refused(build: Callable) -> None:
    model = build('motr')
    state = model.state_dict()
    name = 'estimator.detector.model.query_embedding.weight'
    state[name] = torch.zeros(300, 128)
    with pytest.raises(ValueError, match='300 queries .* set num_queries=300'):
        model.load_state_dict(state)


def test_a_detector_starts_both_decoders_and_the_proposals(build: Callable) -> None:
    detector = build('motr').state_dict()
    for paper, part in (
        ('transtrack', 'track_decoder.layers'),
        ('motrv2', 'proposal_detector.model.decoder.layers'),
    ):
        model = build(paper)
        for weight in model.parameters():
            torch.nn.init.zeros_(weight)
        model.load_state_dict(copy.copy(detector), strict=False)
        suffix = '1.cross_attn.value_proj.weight'
        torch.testing.assert_close(
            model.state_dict()[f'estimator.{part}.{suffix}'],
            detector[f'estimator.detector.model.decoder.layers.{suffix}'],
        )
        assert not any(
            weight.requires_grad
            for name, weight in model.named_parameters()
            if 'proposal_detector' in name
        )


def test_parts_that_do_not_fit(build: Callable) -> None:
    with pytest.raises(TypeError, match='reads proposals'):
        build('motr', query_init=dict(type='ProposalQueries', channels=64))
    with pytest.raises(TypeError, match='DeformableDETR'):
        build('motr', detector=dict(type='DetectionFile'))
    with pytest.raises(ValueError, match='through time'):
        build('motr', clip_loss=dict(type='ClipLoss', through_time=False))
    with pytest.raises(ValueError, match='text is fused before the encoder'):
        build('motr', text_hook=TextHook(), freeze_encoder=True)


def test_it_learns_to_follow_two_boxes(build: Callable, tmp_path: Path) -> None:
    """MOTR on one clip: two tracks, each of one object, over all frames."""
    model = build('motr', freeze_encoder=True, cache=str(tmp_path)).train()
    model.estimator.updater.drop_ratio = 0.0
    model.estimator.updater.false_positive_ratio = 0.0
    frames, sample = clip(walking(3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(60):
        losses = model.loss(*batch((frames, sample)))
        optimizer.zero_grad()
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert losses['recall'] == 1
    run = model.eval().begin(frames[0].video)
    results = run.push(frames)
    assert [r.tracks.ids.tolist() for r in results] == [[1, 2]] * 3
    gt = sample.gt_trajectories.by_id()
    (result,) = run.finish()
    for table in result.trajectories.by_id().values():
        errors = [np.abs(table.boxes - rows.boxes).max() for rows in gt.values()]
        assert min(errors) < 6, errors  # pixels
