"""A frozen detector: it is neither trained nor changed, and looks at an image once."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from mmsmot.models.smot import SMOT
from mmsmot.models.training.feature_cache import FeatureCache
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from tests.engine import tiny_training
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import (
    DETECTOR,
    LOSSES,
    batch,
    frames,
    sample,
    semantics,
)


def model(**training) -> SMOT:
    torch.manual_seed(0)
    built = tiny_training.model(**training)
    built.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    return built.train()


def detector(embedder: dict | None) -> nn.Module:
    torch.manual_seed(0)
    built = MODELS.build(dict(DETECTOR, embedder=embedder))
    nn.init.zeros_(built.model.bbox_head.conv_cls.bias)  # people everywhere
    return built


@pytest.mark.parametrize('option', [dict(freeze=True), dict(detection_frames=0)])
def test_words_wait_for_no_detector_that_is_not_trained(option: dict) -> None:
    waiting = model(**option, semantic_losses_enabled=False)
    assert set(waiting.loss(**batch(sample()))) == set(LOSSES)
    waiting.semantics = None
    with pytest.raises(ValueError, match='nothing to train'):
        waiting.loss(**batch(sample()))


@pytest.mark.parametrize('freeze', [True, False])
def test_statistics_move_unless_the_detector_is_frozen(freeze: bool) -> None:
    trained = model(freeze=freeze)
    config = copy.deepcopy(DETECTOR)
    config['config']['model']['backbone']['norm_cfg'] = dict(type='BN')
    trained.estimator.detector = MODELS.build(config)
    trained.train()
    mean = trained.estimator.detector.model.backbone.bn1.running_mean
    before = mean.clone()
    trained.loss(**batch(sample()))
    assert torch.equal(mean, before) == freeze
    assert trained.semantics.training


def test_nothing_to_say_still_has_a_way_back() -> None:
    nobody = sample(())
    del nobody.gt_video_caption
    losses = model(freeze=True).loss(**batch(nobody))
    assert {name: float(loss) for name, loss in losses.items()} == dict.fromkeys(
        LOSSES, 0.0
    )
    sum(losses.values()).backward()


def test_embeddings_are_kept(tmp_path: Path) -> None:
    """Trackers that look at appearance get them from a cache too."""
    embedder = dict(type='RoITokens', in_channels=16, channels=16)
    looking = detector(embedder)
    shown = frames(2)
    cache = FeatureCache(tmp_path, looking)
    _, found = cache.extract_and_detect(shown)
    looking.extract = None  # it is not asked again
    _, again = cache.extract_and_detect(shown)
    for one, two in zip(found, again, strict=True):
        assert one.embeddings.shape == (len(one), 64)
        assert len(one)
        np.testing.assert_array_equal(one.embeddings, two.embeddings)
    path = next(tmp_path.rglob('*.safetensors'))
    record = load_file(path)
    del record['embeddings']
    save_file(record, path)
    cache = FeatureCache(tmp_path, detector(embedder))
    assert all(one.embeddings is not None for one in cache.extract_and_detect(shown)[1])
    assert 'embeddings' in load_file(path)


def test_another_embedder_is_another_detector() -> None:
    kinds = [None, dict(grid=2), dict(grid=3), dict(grid=2, level=1)]
    options = dict(type='RoITokens', in_channels=16, channels=16)
    marks = {detector(k and options | k).fingerprint for k in kinds}
    assert len(marks) == 4


def test_levels_that_are_not_kept_are_refused(tmp_path: Path) -> None:
    part = semantics()
    part['roi']['level'] = 1
    training = dict(type='ClipTraining', freeze=True, feature_cache=str(tmp_path))
    tracker = dict(type='SORT')
    with pytest.raises(ValueError, match='RoITokens pools from level 1.*feature_cache'):
        SMOT(detector=DETECTOR, tracker=tracker, semantics=part, training=training)


def picture(height: int, width: int, seed: int) -> Frame:
    image = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: image)


def test_an_image_is_the_same_in_any_company(tmp_path: Path) -> None:
    """A batch is padded to its largest image; what is kept of one is its own."""
    wide, tall, other = picture(64, 96, 1), picture(80, 40, 2), picture(64, 96, 3)
    looking = detector(None)
    alone = FeatureCache(tmp_path / 'alone', looking)
    first, second = alone.extract_and_detect([wide]), alone.extract_and_detect([tall])
    (one,), (two,) = first[0].levels, second[0].levels
    assert one.shape[1:] == (16, 8, 12)
    assert two.shape[1:] == (16, 12, 8)  # 48 pixels wide, padded to 64
    for cache in (alone, FeatureCache(tmp_path / 'together', looking)):
        features, found = cache.extract_and_detect([wide, tall])
        (level,) = features.levels
        assert level.shape == (2, 16, 12, 12)
        assert torch.equal(level[0, :, :8], one[0])
        assert torch.equal(level[1, :, :, :8], two[0])
        assert level[0, :, 8:].abs().max() == level[1, :, :, 8:].abs().max() == 0
        assert features.extents(0) == [(8, 12), (12, 6)]
        for detections, own in zip(found, first[1] + second[1], strict=True):
            assert len(detections)
            np.testing.assert_array_equal(detections.boxes, own.boxes)
        assert len(cache.extract_and_detect([wide, other])[0]) == 2


def test_images_of_one_size_are_kept_as_they_were_seen(tmp_path: Path) -> None:
    """Bit by bit, the cells of the padding too: a cache outlives a training."""
    looking = detector(None).eval()
    shown = [picture(80, 40, seed) for seed in range(3)]
    expected = looking.extract(shown).levels[0].half().float()
    seen = []
    extract = looking.extract
    looking.extract = lambda frames: seen.append(len(frames)) or extract(frames)
    cache = FeatureCache(tmp_path, looking)
    assert torch.equal(cache.extract_and_detect(shown)[0].levels[0], expected)
    assert torch.equal(cache.extract_and_detect(shown)[0].levels[0], expected)
    assert seen == [3]
    record = load_file(cache.frames.path(shown[1]))
    assert torch.equal(torch.from_numpy(record['map']).float(), expected[1])


def test_maps_are_laid_out_as_roi_align_reads_them(tmp_path: Path) -> None:
    looking = detector(None)
    features, _ = FeatureCache(tmp_path, looking).extract_and_detect(frames(2))
    (level,) = features.levels
    assert level.is_contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        expected = looking.extract(frames(2)).levels[0].half().float()
    assert torch.equal(level, expected)
