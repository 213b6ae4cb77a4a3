"""TransRMOT and MLS-Track: their text in a query tracker, in training and at test."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mmsmot.engine import load_config
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS
from mmsmot.structures import (
    Frame,
    Prompt,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
)
from projects.query_trackers import query_interaction
from projects.query_trackers.queries import FrameTargets, Outputs, Queries
from projects.query_trackers.released_keys import estimator_weights
from projects.query_trackers.tests.conftest import (
    SIZE,
    _spread_scores,
    batch,
    clip,
    decoded_rows,
    model_config,
    video,
    walking,
)
from projects.referring_mot.models.refer_hook import ReferHook, referred_targets
from projects.referring_mot.models.text_encoders.base import TextFeatures

PAPERS = ['transrmot', 'mls-track']
# Of the boxes that clip() draws: id 1 is COLOURS[1], id 2 is COLOURS[2].
RED, GREEN = 'red boxes', 'green boxes'


def new_model(paper: str, **hook_options: Any) -> nn.Module:
    """The tiny config of a paper on small images, with its words."""
    config = load_config(f'projects/referring_mot/configs/{paper}_tiny_synsmot')
    settings = copy.deepcopy(config.model.to_dict())
    estimator = settings['estimator']
    estimator['detector']['config']['test_pipeline'][1]['scale'] = SIZE
    estimator['text_hook'].update(hook_options)
    torch.manual_seed(0)
    model = MODELS.build(settings)
    model.estimator.text_hook.text_encoder.tokenizer.train_on([RED, GREEN])
    return model


@pytest.fixture(scope='session')
def build() -> Callable[..., nn.Module]:
    """An untrained pipeline with tracks enough."""
    models: dict[str, nn.Module] = {}

    def build_model(paper: str) -> nn.Module:
        if paper not in models:
            model = new_model(paper).eval()
            _spread_scores(model.estimator.detector.model.bbox_head)
            model.estimator.lifecycle.birth_threshold = 0.3
            model.estimator.lifecycle.keep_threshold = 0.1
            models[paper] = model
        return copy.deepcopy(models[paper])

    return build_model


def with_prompt(
    frames: list[Frame], sample: SMOTDataSample, sentence: str, labels: dict
) -> tuple[list[Frame], SMOTDataSample]:
    """A clip that asks for one of two sentences."""
    sample = sample.clone()
    nobody = ReferringExpression('nobody', {})
    sample.gt_expressions = [nobody, ReferringExpression(sentence, labels)]
    sample.set_metainfo(dict(prompt=Prompt(sentence)))
    return frames, sample


def clips(num_frames: int = 2) -> list[tuple[list[Frame], SMOTDataSample]]:
    """The same two boxes twice: one sentence means the first, the other the second."""
    frames, sample = clip(walking(num_frames))
    numbers = range(1, num_frames + 1)
    return [
        with_prompt(frames, sample, sentence, {n: (i,) for n in numbers})
        for i, sentence in ((1, RED), (2, GREEN))
    ]


def test_who_is_meant_in_a_frame() -> None:
    """Ids by frame number; a frame that is not named means nobody, and so does no prompt."""
    frames, sample = clip(walking(2, 3))
    _, referring = with_prompt(frames, sample, RED, {1: (3, 1)})
    samples = [referring, sample]
    for number, expected in (
        (0, [[True, False, True], [False] * 3]),
        (1, [[False] * 3] * 2),
    ):
        step = [frames[number]] * 2
        targets = FrameTargets.of(step, samples)
        assert referred_targets(targets, step, samples).tolist() == expected


def test_a_prompt_that_is_no_expression_of_its_sample() -> None:
    frames, sample = clip(walking(1))
    sample.gt_expressions = [ReferringExpression(RED, {})]
    sample.set_metainfo(dict(prompt=Prompt(GREEN)))
    targets = FrameTargets.of(frames, [sample])
    with pytest.raises(ValueError, match="walk: the prompt 'green boxes' is none of"):
        referred_targets(targets, frames, [sample])


def test_the_refer_loss_is_of_queries_that_have_an_object(build: Callable) -> None:
    """Focal, gamma 2 and alpha .25, times 10, in both layers; a clip without a prompt has
    none."""
    hook: ReferHook = build('transrmot').estimator.text_hook
    frames, sample = clip(walking(1))
    _, referring = with_prompt(frames, sample, RED, {1: (2,)})
    step, samples = frames * 2, [referring, sample]
    targets = FrameTargets.of(step, samples)
    hs = torch.randn(2, 2, 3, 64, generator=torch.Generator().manual_seed(0))
    outputs = Outputs(hs, torch.rand(2, 2, 3, 4), torch.zeros(2, 2, 3, 1))
    rows = torch.tensor([[[1, -1, 0], [0, 1, -1]], [[-1, 1, 0], [0, 1, -1]]])
    text = hook.begin([Prompt(RED), None])
    assert text.has_text.tolist() == [True, False]
    queries = Queries.new(hs[-1], torch.rand(2, 3, 2))
    sums = hook.loss(outputs, queries, targets, rows, step, samples, text)
    assert set(sums) == {'d0.loss_refer', 'loss_refer'}
    logits = hook.logits(outputs, text)
    for name, layer, meant in (('d0.loss_refer', 0, 0), ('loss_refer', 1, 1)):
        total = 0.0
        for query in (meant, 2):  # object 2, which is meant, and object 1, which is not
            p = float(logits[layer, 0, query].sigmoid().detach())
            if query == meant:
                total += 0.25 * (1 - p) ** 2 * -math.log(p)
            else:
                total += 0.75 * p**2 * -math.log(1 - p)
        assert float(sums[name].detach()) == pytest.approx(10 * total, rel=1e-4)


def test_late_fusion_judges_each_object_by_all_sentences_of_its_clip() -> None:
    hook: ReferHook = new_model('late-fusion').eval().estimator.text_hook
    frames, sample = clip(walking(1))
    _, red = with_prompt(frames, sample, RED, {1: (2,)})  # and "nobody"
    green = red.clone()
    green.gt_expressions = [ReferringExpression(GREEN, {1: (1, 2)})]
    step, samples = frames * 2, [red, green]
    targets = FrameTargets.of(step, samples)
    hs = torch.randn(2, 2, 3, 64, generator=torch.Generator().manual_seed(0))
    outputs = Outputs(hs, torch.rand(2, 2, 3, 4), torch.zeros(2, 2, 3, 1))
    rows = torch.tensor([[[1, -1, 0], [0, 1, -1]], [[-1, 1, 0], [-1, -1, 1]]])
    text = hook.begin_clips(samples)
    queries = Queries.new(hs[-1], torch.rand(2, 3, 2))
    sums = hook.loss(outputs, queries, targets, rows, step, samples, text)
    meant = {(0, RED): {1}, (0, 'nobody'): set(), (1, GREEN): {0, 1}}  # rows of targets
    for layer, name in enumerate(('d0.loss_refer', 'loss_refer')):
        total = 0.0
        for (clip_row, sentence), objects in meant.items():
            logits = hook.logits(outputs, hook.begin([Prompt(sentence)]))[layer]
            share = 2 if clip_row == 0 else 1  # sentences of the clip
            for query, target in enumerate(rows[layer, clip_row].tolist()):
                if target < 0:
                    continue
                p = float(logits[clip_row, query].sigmoid().detach())
                if target in objects:
                    total += 0.25 * (1 - p) ** 2 * -math.log(p) / share
                else:
                    total += 0.75 * p**2 * -math.log(1 - p) / share
        assert float(sums[name].detach()) == pytest.approx(10 * total, rel=1e-4)
    # Without an object, or without an expression, there is nothing to learn.
    nothing = hook.loss(outputs, queries, targets, rows * 0 - 1, step, samples, text)
    assert all(float(value) == 0 for value in nothing.values())
    for part in samples:
        part.gt_expressions = []
    text = hook.begin_clips(samples)
    nothing = hook.loss(outputs, queries, targets, rows, step, samples, text)
    assert {*nothing} == {*sums} and all(float(v) == 0 for v in nothing.values())
    assert torch.equal(hook.on_levels((hs,), text)[0], hs)


def test_all_sentences_need_embeddings_without_a_text() -> None:
    with pytest.raises(ValueError, match='all_expressions.*fusion=None'):
        new_model('mls-track', all_expressions=True)


HEADS = [
    dict(type='SemanticCorrelation', text_channels=128),
    dict(type='ConcatReferHead', text_channels=128),
    dict(type='CrossAttentionReferHead', text_channels=128, num_heads=4),
    dict(type='LinearReferHead'),
]


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head['type'])
def test_late_fusion_runs_once_for_all_sentences(head: dict, build: Callable) -> None:
    """One row through encoder and decoder; the scores that each sentence has by itself."""
    model = build('late-fusion')
    hook = model.estimator.text_hook
    torch.manual_seed(1)
    hook.refer_head = MODELS.build(dict(head, channels=64, num_layers=2)).eval()
    hook.refer_threshold = None
    rows = decoded_rows(model)
    frames, _ = clip(walking(3))
    prompts = [Prompt(RED), Prompt(GREEN), Prompt('tall boxes')]
    together = model.begin(video(), prompts).push(frames)
    assert rows == [1, 1, 1]
    for number, prompt in enumerate(prompts):
        alone = model.begin(video(), [prompt]).push(frames)
        for one, all_prompts in zip(alone, together, strict=True):
            (expected,), tracks = one.prompt_tracks, all_prompts.prompt_tracks[number]
            assert len(expected)
            np.testing.assert_array_equal(tracks.ids, expected.ids)
            np.testing.assert_allclose(tracks.scores, expected.scores, atol=1e-6)


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head['type'])
def test_one_frame_for_all_sentences_is_as_a_copy_for_each(head: dict) -> None:
    torch.manual_seed(0)
    part = MODELS.build(dict(head, channels=64, num_layers=2)).eval()
    text = TextFeatures(
        torch.randn(3, 5, 128), torch.ones(3, 5, dtype=torch.bool), torch.randn(3, 128)
    )
    hs = torch.randn(2, 1, 7, 64)
    copies = part(hs.expand(-1, 3, -1, -1), text)
    assert copies.shape == (2, 3, 7)
    torch.testing.assert_close(part(hs, text), copies)
    torch.testing.assert_close(part.last_logits(hs, text), copies[-1])
    with pytest.raises(ValueError, match='num_layers=2, but the decoder has 1 layers'):
        part.last_logits(hs[:1], text)


@pytest.mark.parametrize('paper', PAPERS)
def test_prompts_share_backbone_and_neck(paper: str, build: Callable) -> None:
    """Three sentences: images go through the network once a frame, and the sentences
    through the encoder in one batch."""
    model = build(paper)
    detector = model.estimator.detector.model
    calls = dict(backbone=0, encoder=0, text=0)

    def count(name: str) -> Callable:
        def hook(*args: Any) -> None:
            calls[name] += 1

        return hook

    detector.backbone.register_forward_hook(count('backbone'))
    detector.encoder.register_forward_hook(count('encoder'))
    text_encoder = model.estimator.text_hook.text_encoder
    text_encoder.register_forward_hook(count('text'))
    frames, _ = clip(walking(3))
    run = model.begin(video(), [Prompt(RED), Prompt(GREEN), Prompt('tall boxes')])
    for frame in frames:
        run.push([frame])
    assert calls == dict(backbone=3, encoder=3, text=1)
    assert len(run.finish()) == 3


@pytest.mark.parametrize('paper', PAPERS)
def test_the_threshold_decides_what_is_reported(paper: str, build: Callable) -> None:
    """Tracks live on unreported: at 0 all are there, with their scores."""
    model = build(paper)
    hook = model.estimator.text_hook
    frames, _ = clip(walking(3))

    def table(threshold: float | None) -> Trajectories:
        hook.refer_threshold = threshold
        run = model.begin(video(), [Prompt(RED)])
        run.push(frames)
        return run.finish()[0].trajectories

    everybody = table(None)
    middle = float(np.median(everybody.scores))
    upper_half = table(middle)
    assert len(everybody) == len(table(0.0)) > len(upper_half) > len(table(1.0)) == 0
    is_meant = everybody.scores >= middle
    np.testing.assert_array_equal(upper_half.ids, everybody.ids[is_meant])
    np.testing.assert_array_equal(upper_half.boxes, everybody.boxes[is_meant])


@pytest.mark.parametrize('paper', PAPERS)
def test_another_sentence_gives_other_scores(paper: str, build: Callable) -> None:
    """One prompt of two is as it is alone."""
    model = build(paper)
    model.estimator.text_hook.refer_threshold = None
    frames, _ = clip(walking(2))

    def tables(*sentences: str) -> list:
        run = model.begin(video(), [Prompt(sentence) for sentence in sentences])
        run.push(frames)
        return [result.trajectories for result in run.finish()]

    red, green = tables(RED, GREEN)
    (alone,) = tables(RED)
    np.testing.assert_allclose(red.scores, alone.scores, atol=1e-6)
    np.testing.assert_allclose(red.boxes, alone.boxes, atol=1e-4)
    assert len(red) and len(green)
    assert abs(red.scores[0] - green.scores[0]) > 1e-7


def test_without_a_prompt_everybody_is_meant(build: Callable) -> None:
    model = build('mls-track')
    frames, _ = clip(walking(2))
    run = model.begin(video())
    run.push(frames)
    (result,) = run.finish()
    assert len(result.trajectories) and (result.trajectories.scores == 1).all()


@pytest.mark.parametrize(
    'sentence', ['nobody at all', '穿红衣服的人', 'people in red ' * 200], ids=len
)
def test_odd_sentences(sentence: str, build: Callable) -> None:
    """Nobody is meant, another alphabet, 600 words: an empty result, no error."""
    model = build('mls-track')
    model.estimator.text_hook.refer_threshold = 0.99
    frames, _ = clip(walking(2))
    run = model.begin(video(), [Prompt(sentence)])
    run.push(frames)
    (result,) = run.finish()
    assert not len(result.trajectories)  # nobody is meant so surely


def test_a_prompt_without_a_sentence_is_refused(build: Callable) -> None:
    model = build('transrmot')
    with pytest.raises(ValueError, match='reads sentences.*give --text'):
        model.begin(video(), [Prompt(boxes={1: (0, 0, 9, 9)})])
    with pytest.raises(ValueError, match='default_text must be a text'):
        new_model('transrmot', default_text=' ')


def test_the_correlation_with_sentences_of_another_encoder(test_data: Path) -> None:
    """MiniLM's, frozen; a head of another width is refused."""
    models = test_data / 'data/models'
    encoder = dict(
        type='ONNXTextEncoder',
        model=str(models / 'minilm_l6_int8.onnx'),
        vocab=str(models / 'minilm_vocab.txt'),
    )
    head = dict(
        type='SemanticCorrelation', channels=64, text_channels=384, num_layers=2
    )
    with pytest.raises(ValueError, match='refer_head has text_channels=128, but ONNX'):
        new_model('mls-track', sentence_encoder=encoder)
    hook = new_model(
        'mls-track', sentence_encoder=encoder, refer_head=head
    ).estimator.text_hook
    text = hook.begin([Prompt(RED), Prompt(GREEN)])
    assert text.fusion_text.words.shape[2] == 128
    assert text.head_text.sentences.shape[1] == 384
    hs = torch.randn(2, 2, 3, 64)
    outputs = Outputs(hs, torch.rand(2, 2, 3, 4), torch.zeros(2, 2, 3, 1))
    assert hook.refer_scores(outputs, text).shape == (2, 3)


@torch.no_grad()
def test_guided_queries_read_no_noisy_track(build: Callable) -> None:
    """MLS-Track: what is real does not depend on the noise of the groups."""
    estimator = build('mls-track').estimator
    frames, _ = clip(walking(1))
    text = estimator.text_of([Prompt(RED)])
    memory = estimator.encode(estimator.detector.extract(frames), None, 1, text)
    new = estimator.new_queries(1, None, None)
    tracks = new.first(3).with_ids(torch.tensor([[1, 2, 3]]))
    tracks = tracks.as_tracks(tracks.content, tracks.refs, tracks.pos)
    _, clean = estimator.decode(memory, new, tracks, text)
    count = clean.hs.shape[2]
    for noise in (0.3, 30.0):
        estimator.denoising.noise = noise
        generator = np.random.default_rng(0)
        noisy, attn_mask = estimator.denoising.noisy_rows(new, tracks, None, generator)
        rows = new.joined(tracks).joined(noisy)
        _, outputs = estimator.decode(memory, rows, None, text, attn_mask)
        assert outputs.hs.shape[2] == count + 9
        torch.testing.assert_close(
            outputs.hs[:, :, :count], clean.hs, atol=2e-5, rtol=0
        )


@pytest.mark.parametrize('paper', PAPERS)
def test_every_part_gets_a_gradient(
    paper: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all losses of a step; of MLS-Track also those of the groups."""
    # Untrained queries find nothing, and would not go on as tracks.
    monkeypatch.setattr(query_interaction, 'ACTIVE_IOU', -1.0)
    model = build(paper).train()
    hook = model.estimator.text_hook
    losses = model.loss(*batch(*clips(3)))
    names = {'loss_refer', 'd0.loss_refer', 'loss_cls', 'loss_bbox', 'loss_iou'}
    assert names <= set(losses)
    assert ('dn.loss_refer' in losses) == (paper == 'mls-track')
    losses['loss_refer'].backward(retain_graph=True)
    for part in (hook.fusion, hook.guidance, hook.refer_head, hook.text_encoder):
        if part is not None:
            gradients = [w.grad for w in part.parameters() if w.grad is not None]
            assert max(float(g.abs().max()) for g in gradients) > 1e-9
    assert model.estimator.detector.model.backbone.conv1.weight.grad.abs().max() > 0


@pytest.mark.parametrize('grad_frames', ['all', 'last'])
def test_prompts_of_a_clip_are_as_clips_of_a_prompt(
    grad_frames: str, build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same losses and gradients; backbone and neck see each frame once."""
    models, losses, images = [], [], []
    red, green = clips(3)
    both = red[1].clone()
    both.gt_expressions = [*both.gt_expressions, green[1].gt_expressions[1]]
    prompts = red[1].prompt, green[1].prompt
    both.set_metainfo(dict(prompt=prompts[0], prompts=prompts))
    # A clip of other boxes stands beside it, so that rows could be mixed up.
    frames, three_boxes = with_prompt(*clip(walking(3, 3)), RED, {1: (3,), 2: (1, 2)})
    twice = three_boxes.clone()
    twice.set_metainfo(dict(prompts=(three_boxes.prompt,) * 2))
    for pairs in (
        [red, green, *[(frames, three_boxes)] * 2],
        [(red[0], both), (frames, twice)],
    ):
        model = build('transrmot').train()
        model.estimator.updater.drop_ratio = 0.0
        model.estimator.updater.false_positive_ratio = 0.0
        model.estimator.clip_loss.through_time = grad_frames == 'all'
        extract = model.estimator.detector.extract
        images.append(0)

        def counted_extract(step, extract=extract):
            images[-1] += len(step)
            return extract(step)

        monkeypatch.setattr(model.estimator.detector, 'extract', counted_extract)
        losses.append(model.loss(*batch(*pairs)))
        sum(v for name, v in losses[-1].items() if 'loss' in name).backward()
        models.append(model)
    assert images == [12, 6]
    for name, value in losses[0].items():
        torch.testing.assert_close(losses[1][name], value, rtol=1e-4, atol=1e-5)
    gradients = [dict(model.named_parameters()) for model in models]
    for name, weight in gradients[0].items():
        if weight.grad is not None:
            gradient = gradients[1][name].grad
            torch.testing.assert_close(gradient, weight.grad, rtol=1e-2, atol=1e-4)


def test_clips_of_a_batch_have_as_many_prompts(build: Callable) -> None:
    first, (frames, sample) = clips(2)
    sample.set_metainfo(dict(prompts=(sample.prompt,) * 2))
    with pytest.raises(ValueError, match=r'have \[1, 2\] prompts.*prompts_per_clip'):
        build('transrmot').loss(*batch(first, (frames, sample)))


def test_a_frozen_tracker_has_no_gradient_of_its_text(build: Callable) -> None:
    estimator = build('mls-track').estimator
    inputs, samples = batch(*clips(2))
    plan = ClipPlan(detection_rows=[], grad_rows=[0, 1, 2, 3], freeze=True)
    estimate = estimator.loss(inputs, samples, plan=plan)
    assert not estimate.track_features.requires_grad


def test_weights_of_a_tracker_without_text_start_it(build: Callable) -> None:
    """MOTR's checkpoint fills all but the text."""
    torch.manual_seed(1)
    motr = MODELS.build(model_config('motr')).state_dict()
    for paper in PAPERS:
        model = build(paper)
        mismatch = model.load_state_dict(motr, strict=False)
        assert not mismatch.unexpected_keys
        assert {k.split('.')[1] for k in mismatch.missing_keys} == {'text_hook'}
        name = 'estimator.detector.model.decoder.layers.1.self_attn.attn.in_proj_weight'
        torch.testing.assert_close(model.state_dict()[name], motr[name])


def test_a_released_checkpoint_has_a_place_for_each_weight(build: Callable) -> None:
    """RMOT's own parts, by the names and shapes of its constructors; RoBERTa is left out."""
    hook = build('transrmot').estimator.text_hook
    names = {
        'fusion_module.multihead_attn.in_proj_weight': (192, 64),
        'fusion_module.multihead_attn.in_proj_bias': (192,),
        'fusion_module.multihead_attn.out_proj.weight': (64, 64),
        'fusion_module.multihead_attn.out_proj.bias': (64,),
        'txt_proj.fc.weight': (64, 128),
        'txt_proj.fc.bias': (64,),
        'txt_proj.layer_norm.weight': (64,),
        'txt_proj.layer_norm.bias': (64,),
        **{f'refer_embed.{i}.weight': (1, 64) for i in range(2)},
        **{f'refer_embed.{i}.bias': (1,) for i in range(2)},
        'text_encoder.embeddings.word_embeddings.weight': (9, 128),
    }
    weights = estimator_weights({k: torch.zeros(s) for k, s in names.items()})
    expected = {
        f'text_hook.{name}': tuple(weight.shape)
        for name, weight in hook.state_dict().items()
        if not name.startswith('text_encoder.')
    }
    assert {name: tuple(weight.shape) for name, weight in weights.items()} == expected


def test_it_learns_which_of_two_boxes_a_sentence_means() -> None:
    """MLS-Track on one clip, asked in red and in green: each finds its own box."""
    model = new_model('mls-track').train()
    model.estimator.updater.drop_ratio = 0.0
    model.estimator.updater.false_positive_ratio = 0.0
    two_clips = clips(2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    refer_losses = []
    for _ in range(70):
        losses = model.loss(*batch(*two_clips))
        refer_losses.append(float(losses['loss_refer'].detach()))
        optimizer.zero_grad()
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert np.mean(refer_losses[-5:]) < 0.3 * np.mean(refer_losses[:5])
    frames, sample = two_clips[0]
    gt = sample.gt_trajectories.by_id()
    run = model.eval().begin(video(), [Prompt(RED), Prompt(GREEN)])
    run.push(frames)
    for number, result in enumerate(run.finish(), start=1):
        (table,) = result.trajectories.by_id().values()
        assert np.abs(table.boxes - gt[number].boxes).max() < 8  # pixels
