"""End to end: what a semantic loss reaches, and what a video without people gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from mmsmot.models.semantics.description import Description
from mmsmot.models.semantics.trajectory_semantics import TrajectorySemantics
from mmsmot.models.smot import SMOT
from mmsmot.models.trajectory import TrajectoryTokens
from mmsmot.registry import MODELS
from mmsmot.structures import (
    CoordinateSpace,
    Frame,
    Interactions,
    SMOTDataSample,
    Tracks,
    Trajectories,
    VideoInfo,
)
from tests.models.language.test_text_decoder import CONFIGS
from tests.models.language.test_tokenizer import TEXTS

VERBS = ['hug.v.01', 'push.v.01']
LOSSES = [
    'loss_instance_caption',
    'loss_video_caption',
    'loss_interaction',
    'loss_bigrams',
]
DETECTOR = dict(
    type='MMDetDetector',
    score_threshold=0.1,
    config=dict(
        model=dict(
            type='CenterNet',
            data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
            backbone=dict(
                type='ResNet',
                depth=18,
                base_channels=8,
                norm_cfg=dict(type='GN', num_groups=4),
                norm_eval=False,
            ),
            neck=dict(
                type='FPN',
                in_channels=[8, 16, 32, 64],
                out_channels=16,
                start_level=1,
                num_outs=3,
            ),
            bbox_head=dict(
                type='CenterNetUpdateHead',
                num_classes=1,
                in_channels=16,
                feat_channels=16,
                stacked_convs=1,
                strides=[8, 16, 32],
                regress_ranges=((0, 64), (48, 128), (96, 1e8)),
                norm_cfg=dict(type='GN', num_groups=4),
            ),
            test_cfg=dict(
                nms_pre=20,
                min_bbox_size=0,
                score_thr=0.05,
                nms=dict(type='nms', iou_threshold=0.6),
                max_per_img=10,
            ),
        ),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(96, 64), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ],
    ),
)


def semantics() -> dict:
    attention = dict(channels=16, num_heads=4, ffn_channels=32)
    return dict(
        type='TrajectorySemantics',
        roi=dict(
            type='RoITokens',
            in_channels=16,
            channels=16,
            crop=dict(type='CropTokens', channels=16, widths=(8,)),
        ),
        trajectory_fusion=dict(
            type='ConcatTrajectoryFusion',
            **attention,
            encoding=dict(type='TokenEncoding', channels=16),
        ),
        video_fusion=dict(
            type='VideoFusion',
            cell=dict(type='AttentionCell', **attention),
            in_channels=16,
            channels=16,
            grid=(2, 3),
        ),
        bigram_head=dict(type='BigramHead', channels=16, num_bigrams=64),
        interaction_tokens=dict(type='InteractionTokens', channels=16),
        instance_caption=dict(
            type='InstanceCaptionHead',
            channels=16,
            decoder=dict(
                type='TextDecoder',
                tokenizer=dict(type='CaptionTokenizer', vocab_size=320),
                config=CONFIGS['bert'],
                max_length=24,
            ),
        ),
        video_caption=dict(
            type='VideoCaptionHead', decoder=None, injection='joint', **attention
        ),
        interaction=dict(
            type='InteractionHead',
            vocabulary=VERBS,
            pooled_tokens=2,
            hidden=(16,),
            threshold=0.0,
            **attention,
        ),
        share_decoder=True,
    )


@pytest.fixture
def build() -> Callable[..., SMOT]:
    def built(**training) -> SMOT:
        torch.manual_seed(0)
        training.setdefault('teacher_forcing_ratio', 1.0)
        model = MODELS.build(
            dict(
                type='SMOT',
                detector=DETECTOR,
                tracker=dict(type='SORT'),
                semantics=semantics(),
                training=dict(type='ClipTraining', detection_frames=2, **training),
            )
        )
        model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
        return model

    return built


VIDEO = VideoInfo(name='clip', path='clip', fps=4.0, width=96, height=64)
SPACE = CoordinateSpace(width=96, height=64)


def frames(count: int = 3, seed: int = 0) -> list[Frame]:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 255, (count, 64, 96, 3), np.uint8)
    return [
        Frame(VIDEO, t + 1, t / 4, load=partial(np.asarray, picture))
        for t, picture in enumerate(pictures)
    ]


def sample(ids: tuple[int, ...] = (1, 2), count: int = 3) -> SMOTDataSample:
    rows = [(t, i) for t in range(1, count + 1) for i in ids]
    boxes = [[8 * i, 5, 8 * i + 20, 50 + t] for t, i in rows]
    truth = SMOTDataSample(
        metainfo=dict(video=VIDEO, frame_ids=np.arange(1, count + 1))
    )
    truth.gt_trajectories = Trajectories(
        frame_ids=np.array([t for t, _ in rows], np.int64),
        ids=np.array([i for _, i in rows], np.int64),
        boxes=np.array(boxes, float).reshape(-1, 4),
        scores=np.ones(len(rows)),
        labels=np.zeros(len(rows), np.int64),
        space=SPACE,
    )
    truth.gt_captions = {i: TEXTS[i % 2] for i in ids}
    verbs = np.array(VERBS[:1] if len(ids) > 1 else [], np.str_)
    truth.gt_interactions = Interactions(ids[:1][: len(verbs)], ids[1:2], verbs)
    truth.gt_video_caption = 'Two women hug.'
    return truth


def batch(*samples: SMOTDataSample) -> dict:
    clips = [frames(3, seed) for seed in range(len(samples))]
    return dict(
        inputs=[list(step) for step in zip(*clips, strict=True)],
        data_samples=list(samples),
    )


def first_layer(model: SMOT) -> torch.Tensor:
    return model.estimator.detector.model.backbone.conv1.weight


@pytest.mark.parametrize('name', LOSSES)
def test_a_semantic_loss_reaches_the_first_layer(name: str, build) -> None:
    model = build().train()
    losses = model.loss(**batch(sample()))
    (gradient,) = torch.autograd.grad(losses[name], first_layer(model))
    assert gradient.abs().max() > 1e-8


@pytest.mark.parametrize(
    ('numbers', 'looked_at'),
    [
        ((1, 2, 3, 4, 5), [1, 3, 5]),
        ((2, 4, 6), [2, 4, 6]),  # a start of 2 with a stride of 2, or sparse numbers
        ((1, 2, 4, 5, 8), [1, 4, 8]),  # a stream that loses images
    ],
)
def test_no_numbering_hides_a_video(
    numbers: tuple[int, ...], looked_at: list[int], build
) -> None:
    model = build().eval()
    model.semantics.frame_stride = 2
    memory = model.semantics.begin()
    ones = np.ones(1, np.int64)
    one = Tracks(ones, np.array([[8.0, 5, 28, 50]]), ones * 1.0, ones, ones * 0)
    clip = [
        dataclasses.replace(frame, frame_id=number)
        for frame, number in zip(frames(len(numbers)), numbers, strict=True)
    ]
    for some in (clip[:2], clip[2:]):
        features, _ = model.estimator.extract_and_detect(some, True)
        model.semantics.update(memory, features, some, [one] * len(some))
    assert memory.trajectories([1]).frame_ids.tolist() == [looked_at]


@pytest.mark.parametrize('name', LOSSES)
def test_the_trackers_own_tracks_carry_gradients_too(name: str, build) -> None:
    """Not only true trajectories: the release's tracks were made without gradients."""
    model = build(teacher_forcing_ratio=0.0).train()
    truth = sample()

    def track(detections, frame):
        here = truth.gt_trajectories.frame_ids == frame.frame_id
        own = truth.gt_trajectories[here]
        coasted = np.full(len(own), -1)
        return Tracks(own.ids + 40, own.boxes + 1, own.scores, own.labels, coasted)

    model.estimator.tracker.update = track
    losses = model.loss(**batch(truth))
    assert float(losses[name]) > 0
    (gradient,) = torch.autograd.grad(losses[name], first_layer(model))
    assert gradient.abs().max() > 1e-8


def test_captions_learn_from_the_interactions_and_do_not_teach_them(build) -> None:
    model = build().train()
    losses = model.loss(**batch(sample()))
    marks = model.semantics.interaction_tokens.as_subject.weight
    scores = model.semantics.interaction.mlp[-1].weight
    for name in LOSSES[:2]:
        told, taught = torch.autograd.grad(
            losses[name], (marks, scores), allow_unused=True, retain_graph=True
        )
        assert told.abs().max() > 0
        assert taught is None


@pytest.mark.parametrize('has_partners', [True, False])
def test_captions_attend_to_the_bigrams(has_partners: bool, build) -> None:
    """And teach them what to tell; what is likely is learnt by the phrases' own loss."""
    model = build().train()
    part = model.semantics
    if not has_partners:
        part.interaction_tokens = None
    losses = model.loss(**batch(sample()))
    reached = {
        name: torch.autograd.grad(
            losses[name],
            part.bigram_head.embedding.weight,
            retain_graph=True,
            allow_unused=True,
        )[0]
        is not None
        for name in LOSSES
    }
    assert reached == dict(
        loss_instance_caption=True,
        loss_video_caption=True,
        loss_interaction=False,
        loss_bigrams=False,
    )


def test_people_who_never_meet(build) -> None:
    """There is no pair, and yet both are spoken of and learnt from."""
    truth = sample()
    table = truth.gt_trajectories
    truth.gt_trajectories = table[(table.frame_ids < 2) == (table.ids == 1)]
    model = build().train()
    losses = model.loss(**batch(truth, sample()))
    assert all(torch.isfinite(losses[name]) for name in LOSSES)
    alone = model.loss(**batch(truth))
    assert float(alone['loss_interaction']) == 0
    assert float(alone['loss_instance_caption']) > 0
    model.eval()
    said = described(model, truth)
    assert sorted(said.captions) == [1, 2]
    assert len(said.interactions) == 0


def test_some_are_spoken_of_as_among_all(build) -> None:
    model, truth = build().eval(), sample((1, 2, 4))
    everybody = described(model, truth)
    one = described(model, truth, caption_ids=[2], pairs={(1, 2), (2, 4)})
    assert one.captions == {2: everybody.captions[2]}
    sides = {*one.interactions.subject_ids, *one.interactions.object_ids}
    assert sides == {1, 2, 4}
    # Of the pairs of 1 and 4, to whom nobody listens, nothing is said.
    pairs = set(one.interactions.as_pairs())
    assert all(2 in pair for pair in pairs)
    assert pairs == {p for p in everybody.interactions.as_pairs() if 2 in p}
    assert (1, 4) in everybody.interactions.as_pairs()


@pytest.mark.parametrize(
    ('has_tokens', 'video_caption', 'num_scored'),
    [(False, True, 2), (False, False, 2), (True, False, 8), (True, True, 20)],
)
def test_pairs_that_nothing_reads_are_not_scored(
    has_tokens: bool, video_caption: bool, num_scored: int, build
) -> None:
    """Of five tracks one pair is asked for, and a caption of one of the two."""
    model, truth = build().eval(), sample((1, 2, 3, 4, 5))
    if not has_tokens:
        model.semantics.interaction_tokens = None
    everything = described(model, truth)
    shapes = []
    model.semantics.interaction.register_forward_hook(
        lambda _, __, logits: shapes.append(len(logits))
    )
    one = described(
        model, truth, caption_ids=[2], pairs={(1, 2)}, video_caption=video_caption
    )
    assert shapes[0] == num_scored  # more calls may localise what was predicted
    assert one.captions == {2: everything.captions[2]}
    expected = everything.interactions.of_pairs({(1, 2)})
    assert one.interactions.as_pairs() == expected.as_pairs()
    np.testing.assert_allclose(one.interactions.scores, expected.scores, rtol=1e-5)
    assert one.video_caption == (everything.video_caption if video_caption else '')


def described(model: SMOT, truth: SMOTDataSample, **options) -> Description:
    """What is said along the true tracks of a clip."""
    memory, clip = model.semantics.begin(), frames()
    with torch.no_grad():
        features = model.estimator.detector.extract(clip)
    model.semantics.update(memory, features, clip, tracks_of(truth))
    return model.semantics.generate(memory, **options)


def test_detached_features_keep_the_words_from_the_detector(build) -> None:
    model = build(detach_features=True).train()
    losses = model.loss(**batch(sample()))
    for name in LOSSES:
        (gradient,) = torch.autograd.grad(
            losses[name], first_layer(model), allow_unused=True, retain_graph=True
        )
        assert gradient is None or gradient.abs().max() == 0
    detection = sum(losses['loss_cls']) if isinstance(losses['loss_cls'], list) else 0
    detection = detection + losses['loss_bbox']
    (gradient,) = torch.autograd.grad(detection, first_layer(model))
    assert gradient.abs().max() > 0


def test_the_gradient_into_the_detector_is_scaled(build) -> None:
    """The losses are the same; a tenth of their gradient reaches the detector."""
    clip = batch(sample())
    gradients = []
    for options in ({}, dict(semantic_grad_scale=0.1)):
        model = build(**options).eval()
        loss = model.loss(**clip)['loss_instance_caption']
        gradients.append((loss, *torch.autograd.grad(loss, first_layer(model))))
    (loss, gradient), (scaled_loss, scaled) = gradients
    assert torch.equal(loss, scaled_loss)
    assert gradient.abs().max() > 0
    torch.testing.assert_close(scaled, 0.1 * gradient)
    with pytest.raises(ValueError, match='semantic_grad_scale could scale'):
        build(semantic_grad_scale=0.1, detach_features=True)


def test_a_part_of_the_gradient_is_a_part_of_the_clip(build) -> None:
    """The losses are those of the whole clip; the way back leads to some frames."""
    clip = batch(sample((1, 2)), sample((3, 5)))
    whole, part = build().eval(), build(num_grad_frames=2).eval()
    expected = whole.loss(**clip)
    losses = part.loss(**clip)
    for name in LOSSES:
        torch.testing.assert_close(losses[name], expected[name])
    seen = []
    for model, total in ((whole, expected), (part, losses)):
        loss = total['loss_instance_caption']
        (gradient,) = torch.autograd.grad(loss, first_layer(model))
        seen.append(gradient)
    assert (seen[0] - seen[1]).abs().max() > 0
    assert seen[1].abs().max() > 1e-8
    everything = build(num_grad_frames=3).eval().loss(**clip)['loss_instance_caption']
    torch.testing.assert_close(everything, expected['loss_instance_caption'])


def test_a_frozen_detector_has_no_loss_and_no_graph(build) -> None:
    model = build(freeze=True).train()
    losses = model.loss(**batch(sample()))
    assert set(losses) == set(LOSSES)
    sum(losses.values()).backward()
    assert first_layer(model).grad is None


def test_cached_features_give_the_same_losses(build, tmp_path) -> None:
    """A frozen detector sees an image once; 16 bits keep three digits."""
    clip = batch(sample((1, 2)), sample((3, 5)))
    expected = build(freeze=True).eval().loss(**clip)
    model = build(freeze=True, feature_cache=str(tmp_path)).eval()
    first = model.loss(**clip)
    assert len(list(tmp_path.rglob('*.safetensors'))) == 6
    model.estimator.detector.extract = None  # it is not asked again
    second = model.loss(**clip)
    for name in LOSSES:
        torch.testing.assert_close(first[name], expected[name], rtol=5e-3, atol=1e-4)
        torch.testing.assert_close(second[name], first[name])
    broken = next(tmp_path.rglob('*.safetensors'))
    broken.write_bytes(broken.read_bytes()[:100])
    again = build(freeze=True, feature_cache=str(tmp_path)).eval().loss(**clip)
    torch.testing.assert_close(again['loss_interaction'], first['loss_interaction'])
    with pytest.raises(ValueError, match='needs freeze=True'):
        build(feature_cache=str(tmp_path))


def test_before_the_words_begin_there_is_detection_alone(build) -> None:
    model = build(semantic_losses_enabled=False).train()
    assert set(model.loss(**batch(sample()))) == {'loss_cls', 'loss_bbox'}


def test_a_batch_is_the_mean_of_its_clips(build) -> None:
    """Normalisers are summed, so that processes can share them."""
    model = build().eval()
    one, two = sample((1, 2)), sample((3, 5))
    for head in ('loss_instance_caption', 'loss_bigrams', 'loss_interaction'):
        both = batch(one, two)
        together = model.loss(**both)[head]
        alone = [
            model.loss(inputs=[[step[b]] for step in both['inputs']], data_samples=[s])
            for b, s in enumerate((one, two))
        ]
        if head == 'loss_interaction':
            weights = [1, 1]
        else:
            encode = model.semantics.instance_caption.decoder.tokenizer.encode
            weights = [
                int((encode(list(s.gt_captions.values()), 24)[:, 1:] != 0).sum())
                for s in (one, two)
            ]
        expected = sum(w * a[head] for w, a in zip(weights, alone, strict=True))
        torch.testing.assert_close(together, expected / sum(weights))


@pytest.mark.parametrize('ids', [(), (4,)])
def test_nobody_and_one_person_train(ids: tuple[int, ...], build) -> None:
    model = build().train()
    losses = model.loss(**batch(sample(ids)))
    total = sum(sum(v) if isinstance(v, list) else v for v in losses.values())
    assert total.isfinite()
    total.backward()
    assert float(losses['loss_interaction']) == 0
    for head in ('loss_instance_caption', 'loss_bigrams'):
        assert (float(losses[head]) > 0) == bool(ids)


def tracks_of(truth: SMOTDataSample) -> list[Tracks]:
    table = truth.gt_trajectories
    return [
        Tracks(own.ids, own.boxes, own.scores, own.labels, np.arange(len(own)))
        for own in (table[table.frame_ids == t] for t in truth.frame_ids)
    ]


@pytest.mark.parametrize('chunk', [1, 2, 3])
def test_seen_in_pieces_equals_the_clip_of_training(chunk: int, build) -> None:
    """The words are the same however the stream is cut, and as in training."""
    model = build().eval()
    part: TrajectorySemantics = model.semantics
    truth, clip = sample(), frames()
    memory = part.begin()
    for first in range(0, 3, chunk):
        some = clip[first : first + chunk]
        with torch.no_grad():
            features = model.estimator.detector.extract(some)
        part.update(memory, features, some, tracks_of(truth)[first : first + chunk])
    said = part.generate(memory)
    assert set(said.captions) == {1, 2}
    assert len(said.interactions) == 4
    assert said.interactions.start_frames.min() >= 1
    assert said.interactions.end_frames.max() <= 3
    assert (said.interactions.start_frames <= said.interactions.end_frames).all()
    assert said.video_caption
    part.span_parts = 0
    assert not part.generate(memory).interactions.end_frames.any()
    fused, mask = part.trajectory_fusion(memory.trajectories([1, 2]))
    logits = part.interaction(fused, mask, torch.tensor([[0, 1], [1, 0]]))
    target = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    total, count = part.interaction.loss(logits, target)
    expected = model.loss(**batch(truth))['loss_interaction']
    torch.testing.assert_close(total / count, expected)


def test_nobody_in_the_video(build) -> None:
    model = build().eval()
    part, clip = model.semantics, frames()
    memory = part.begin()
    with torch.no_grad():
        features = model.estimator.detector.extract(clip)
    nobody = [Tracks.empty()] * 3
    part.update(memory, features, clip, nobody)
    said = part.generate(memory)
    assert said.captions == {}
    assert len(said.interactions) == 0
    assert said.video_caption
    assert part.generate(part.begin()).video_caption == ''


def test_whoever_goes_on_in_no_refined_trajectory_is_forgotten(build) -> None:
    """Else a name that passes on would make two people one."""
    model = build().eval()
    truth, clip = sample(), frames()
    tracks = iter(tracks_of(truth))

    def track(detections, frame):
        reported = next(tracks)
        return dataclasses.replace(reported, det_index=reported.ids * 0 - 1)

    model.estimator.tracker.update = track
    second = truth.gt_trajectories[truth.gt_trajectories.ids == 2]
    refined = dataclasses.replace(second, ids=np.ones_like(second.ids))
    model.post_processing = [lambda trajectories, frame_ids: refined]
    run = model.begin(VIDEO)
    run.push(clip)
    (buffer,) = (prompt_run._buffer for prompt_run in run._prompt_runs)
    seconds = buffer.trajectories([2]).tokens
    (result,) = run.finish()
    assert buffer.ids == [1] == list(result.description.captions)
    torch.testing.assert_close(buffer.trajectories([1]).tokens, seconds)


def test_parts_are_told_how_many_tokens_a_box_has() -> None:
    config = semantics()
    context = dict(type='CrossTrackAttention', channels=16, num_heads=4, ffn_channels=8)
    part = MODELS.build(config | dict(cross_track_attention=context))
    assert part.roi.tokens == part.cross_track_attention.pool == 6
    assert part.bigram_head.classifier.in_features == 6 * 16
    assert part.interaction_tokens.tokens == 7
    assert MODELS.build(config | dict(bigram_head=None)).interaction_tokens.tokens == 6
    config['roi'].pop('crop')
    part = MODELS.build(config)
    assert part.interaction_tokens.tokens == 5
    assert len(part.trajectory_fusion.encoding.cell) == 4


def test_a_stride_looks_at_fewer_frames(build) -> None:
    model = build().eval()
    model.semantics.frame_stride = 2
    memory, clip = model.semantics.begin(), frames()
    with torch.no_grad():
        features = model.estimator.detector.extract(clip)
    model.semantics.update(memory, features, clip, tracks_of(sample()))
    assert memory.trajectories([1]).times.tolist() == [[0.0, 0.5]]
    assert memory.video.count.tolist() == [2]


def test_features_must_come_from_somewhere() -> None:
    with pytest.raises(TypeError, match='DetectionFile makes none.*feature_extractor'):
        MODELS.build(
            dict(
                type='SMOT',
                detector=dict(type='DetectionFile'),
                tracker=dict(type='SORT'),
                semantics=semantics(),
            )
        )


def with_own_features(detector: dict) -> SMOT:
    """The words look at another network's feature maps than the boxes come from."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SMOT',
            detector=detector,
            feature_extractor=DETECTOR,
            tracker=dict(type='SORT'),
            semantics=semantics(),
            training=dict(type='ClipTraining', teacher_forcing_ratio=1.0),
        )
    )
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    return model.train()


def test_the_detection_loss_is_of_the_detectors_own_features() -> None:
    model = with_own_features(DETECTOR)
    truth = sample()
    targets = [
        (truth.gt_trajectories[truth.gt_trajectories.frame_ids == t].boxes, np.zeros(2))
        for t in (1, 2, 3)
    ]
    found = model.loss(**batch(truth))
    expected = model.estimator.detector.loss(frames(3), targets)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    (gradient,) = torch.autograd.grad(
        found['loss_interaction'],
        model.estimator.feature_extractor.model.backbone.conv1.weight,
    )
    assert gradient.abs().max() > 1e-8


def test_a_detector_without_weights_says_that_it_cannot_be_trained() -> None:
    model = with_own_features(dict(type='DetectionFile'))
    with pytest.raises(TypeError, match='DetectionFile cannot be trained.*freeze=True'):
        model.loss(**batch(sample()))
    model.clip_training.freeze = True
    assert set(model.loss(**batch(sample()))) == set(LOSSES)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(loss_weights=dict(interactions=0.5)), 'has interactions; there are'),
        (
            dict(frame_stride=0),
            'frame_stride must be a whole number of 1 or more, got 0',
        ),
        (dict(max_boxes=0), 'max_boxes must be a whole number of 1 .* or None, got 0'),
        (
            dict(instance_caption=None, bigram_head=None),
            'share_decoder=True takes instance_caption',
        ),
        (
            dict(video_caption=dict(type='VideoCaptionHead', decoder=dict())),
            'none to video_caption',
        ),
        (dict(share_decoder=False), 'VideoCaptionHead needs a decoder'),
        (
            dict(share_decoder=False, share_projection=True),
            'share_projection=True goes with share_decoder=True',
        ),
        (dict(interaction=None), 'interaction_tokens need an interaction head'),
        (dict(instance_caption=None), 'a bigram_head needs an instance caption head'),
        (dict(video_fusion=None), 'a video caption needs video_fusion'),
        (
            dict(bigram_head=dict(type='BigramHead', channels=16, tokens=4)),
            'BigramHead has tokens=4.*must be 6; leave it out',
        ),
    ],
)
def test_options_that_do_not_fit(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(semantics() | change)


def test_both_captions_may_share_their_projection() -> None:
    own, shared = (
        MODELS.build(semantics() | dict(share_projection=share))
        for share in (False, True)
    )
    assert own.video_caption.project is not own.instance_caption.project
    assert shared.video_caption.project is shared.instance_caption.project
    assert own.state_dict().keys() == shared.state_dict().keys()


def test_all_pairs_of_a_video_or_those_that_share_a_frame() -> None:
    """Of two videos: two tracks after each other in one, and one in the other."""
    rows = torch.tensor([0, 1, 2])
    tracks = TrajectoryTokens.grouped(
        rows, torch.randn(3, 6, 16), rows.double(), torch.zeros(3, 4), 3
    )
    options = semantics() | dict(interaction_tokens=None)
    for all_pairs, expected in ((False, []), (True, [[0, 1], [1, 0]])):
        part = MODELS.build(options | dict(all_pairs=all_pairs)).eval()
        fused = part._fuse(tracks, [5, 5, 6])
        assert fused.pairs.tolist() == expected
        assert fused.logits.shape == (len(expected), len(VERBS))
