"""A frozen encoder: it learns nothing, and sees an image once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmsmot.datasets import image_sequence
from mmsmot.datasets.image_sequence import ImageFile
from mmsmot.models.estimators import FEATURES
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from projects.query_trackers.memory_cache import encoder_hash
from projects.query_trackers.tests.conftest import (
    assert_equal_results,
    batch,
    clip,
    easy_lifecycle,
    model_config,
    results_of,
    walking,
)
from projects.query_trackers.tests.test_configs import semantic_model
from tests.models.semantics.test_trajectory_semantics import sample as gt_texts


def without_draws(model: torch.nn.Module) -> torch.nn.Module:
    updater = model.estimator.updater
    updater.drop_ratio, updater.false_positive_ratio = 0.0, 0.0
    return model


def no_extraction(estimator: torch.nn.Module, monkeypatch) -> None:
    def refuse(frames):
        raise AssertionError('the backbone runs again')

    monkeypatch.setattr(estimator.detector, 'extract', refuse)


def test_a_step_from_the_cache_is_that_without(
    build: Callable, tmp_path: Path, monkeypatch
) -> None:
    inputs, samples = batch(clip(walking(3)), clip(walking(3, 1), 'other'))
    end_to_end = without_draws(build('motr')).train().loss(inputs, samples)
    model = build('motr', freeze_encoder=True, cache=str(tmp_path))
    model = without_draws(model).train()
    first_losses = model.loss(inputs, samples)
    no_extraction(model.estimator, monkeypatch)
    cached_losses = model.loss(inputs, samples)
    for name, loss in first_losses.items():
        assert torch.equal(loss, cached_losses[name]), name
        # 16 bits of the memory have 11 of mantissa.
        torch.testing.assert_close(loss, end_to_end[name], rtol=2e-3, atol=2e-3)
    sum(loss for name, loss in cached_losses.items() if 'loss' in name).backward()
    network = model.estimator.detector.model
    has_grad = {
        name.split('.')[0]
        for name, weight in network.named_parameters()
        if weight.grad is not None and weight.grad.abs().max() > 0
    }
    assert has_grad >= {'decoder', 'bbox_head', 'query_embedding'}
    assert not has_grad & {'backbone', 'neck', 'encoder', 'level_embed'}
    assert not network.encoder.training and network.decoder.training


@pytest.mark.parametrize('paper', ['trackformer', 'motrv2'])
def test_a_test_from_the_cache_is_that_without(
    paper: str, build: Callable, tmp_path: Path, monkeypatch
) -> None:
    frames, _ = clip(walking(3))
    expected = results_of(easy_lifecycle(build(paper)), frames)[0]
    options = dict(freeze_encoder=True, cache=str(tmp_path))
    model = easy_lifecycle(build(paper, **options))
    results = results_of(model, frames)[0]
    no_extraction(model.estimator, monkeypatch)
    assert_equal_results(results, results_of(model, frames)[0])
    for (ids, boxes), (other_ids, other_boxes) in zip(results, expected, strict=True):
        np.testing.assert_array_equal(ids, other_ids)
        np.testing.assert_allclose(boxes, other_boxes, atol=0.2)  # pixels


def test_maps_and_images_come_on_demand(build: Callable, tmp_path: Path) -> None:
    estimator = build('motr', freeze_encoder=True, cache=str(tmp_path)).estimator
    frames, _ = clip(walking(2))
    features, memory = estimator.features_and_memory(frames)
    expected = estimator.detector.extract(frames)
    torch.testing.assert_close(
        features.levels[0], expected.levels[0], rtol=1e-3, atol=2e-3
    )
    torch.testing.assert_close(features.scales, expected.scales)
    assert features.extents(0) == expected.extents(0)
    assert memory.tokens.shape[1] == int(memory.spatial_shapes.prod(1).sum())
    features, _ = estimator.features_and_memory(
        frames, with_maps=False, with_images=True
    )
    assert features.levels == () and torch.equal(features.inputs, expected.inputs)
    state = estimator.begin(VideoInfo('a', 'a'), (), needs=frozenset({FEATURES}))
    (estimate,) = estimator.step(state, frames)
    assert len(estimate.features) == 2
    assert torch.equal(estimate.features.inputs, expected.inputs)


def test_heads_alone_learn_from_the_cache(tmp_path: Path, monkeypatch) -> None:
    """SMOTer's heads on a tracker that is frozen as a whole."""
    build_config = partial(model_config, freeze_encoder=True, cache=str(tmp_path))
    model = semantic_model(build_config, freeze=True)
    frames, sample = clip(walking(3))
    texts = gt_texts((1, 2), count=1)
    sample.gt_captions = texts.gt_captions
    sample.gt_interactions = texts.gt_interactions
    inputs, samples = batch((frames, sample))
    model.loss(inputs, samples)
    no_extraction(model.estimator, monkeypatch)
    losses = model.loss(inputs, samples)
    losses['loss_instance_caption'].backward()
    assert model.estimator.project_features[0].weight.grad.abs().max() > 0
    assert all(w.grad is None for w in model.estimator.detector.parameters())


def test_frames_of_several_sizes_are_not_cached(
    build: Callable, tmp_path: Path
) -> None:
    estimator = build('motr', freeze_encoder=True, cache=str(tmp_path)).estimator
    frames = [clip(walking(1))[0][0], clip(walking(1), size=(64, 64))[0][0]]
    features, memory = estimator.features_and_memory(frames)
    assert len(memory.tokens) == 2 and memory.mask is not None
    assert not [*tmp_path.rglob('*.safetensors')]
    assert not memory.tokens.requires_grad and features.levels


def test_trackers_of_one_encoder_share_a_folder(build: Callable) -> None:
    motr, trackformer = build('motr'), build('trackformer')
    trackformer.load_state_dict(motr.state_dict(), strict=False)
    network = trackformer.estimator.detector.model
    torch.nn.init.zeros_(network.query_embedding.weight)
    assert encoder_hash(motr.estimator) == encoder_hash(trackformer.estimator)
    torch.nn.init.zeros_(network.level_embed)
    assert encoder_hash(motr.estimator) != encoder_hash(trackformer.estimator)


def test_other_weights_have_another_folder(build: Callable, tmp_path: Path) -> None:
    model = build('motr', freeze_encoder=True, cache=str(tmp_path))
    frames, _ = clip(walking(1))
    model.estimator.features_and_memory(frames)
    state = {k: torch.zeros_like(w) for k, w in model.state_dict().items()}
    model.load_state_dict(state)
    _, memory = model.estimator.features_and_memory(frames)
    assert not memory.tokens.any()
    assert len([*tmp_path.iterdir()]) == 2


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    for paper, options, message in (
        ('transtrack', dict(freeze_encoder=True), 'combine_previous learns through'),
        ('motr', dict(cache=str(tmp_path)), 'set freeze_encoder=True, or leave cache'),
    ):
        with pytest.raises(ValueError, match=message):
            MODELS.build(model_config(paper, **options))


def test_files_of_known_memory_are_not_decoded(
    build: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in training, which asks for their size, nor at test."""
    frames, sample = clip(walking(2))
    paths = []
    for frame in frames:
        paths.append(tmp_path / f'{frame.frame_id}.png')
        cv2.imwrite(str(paths[-1]), frame.image)
    height, width = frames[0].image.shape[:2]
    info = replace(frames[0].video, width=width, height=height)

    def fresh_frames() -> list[Frame]:
        return [
            replace(
                frame, video=info, load=ImageFile(str(path), (width, height), '', [])
            )
            for frame, path in zip(frames, paths, strict=True)
        ]

    cache = str(tmp_path / 'cache')
    model = build('motr', freeze_encoder=True, cache=cache).train()
    expected = model.loss(*batch((fresh_frames(), sample)))
    monkeypatch.setattr(image_sequence, 'decode_image', None)
    losses = model.loss(*batch((fresh_frames(), sample)))
    assert set(losses) == set(expected)
    features, _ = model.estimator.features_and_memory(fresh_frames(), with_maps=False)
    assert features.sizes.tolist() == [[width, height]] * 2
