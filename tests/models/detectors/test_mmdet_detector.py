"""mmdet's detectors in our slot: boxes in frame pixels, gradients, weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.models.detectors.mmdet_detector import COLOUR_GAIN, MMDetDetector
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from tests.models.semantics.test_trajectory_semantics import DETECTOR
from tests.models.semantics.test_trajectory_semantics import frames as semantic_frames

from .tiny_mmdet import tiny_anchor_detector, tiny_fcos


def make(seed: int = 0, **options) -> MMDetDetector:
    torch.manual_seed(seed)
    return MMDetDetector(config=tiny_fcos(), score_threshold=0.0, **options)


def frame_of(image: np.ndarray) -> Frame:
    return Frame(VideoInfo('picture', 'picture'), 1, 0.0, lambda: image)


@pytest.fixture(scope='module')
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)


def test_boxes_are_in_pixels_of_the_frame(image: np.ndarray) -> None:
    """The network sees 128x96; boxes of twice the image are twice as large."""
    detector = make(labels=None)
    small = detector.detect([frame_of(image)])[0]
    large = np.repeat(np.repeat(image[::2, ::2], 4, axis=0), 4, axis=1)
    assert large.shape == (480, 640, 3)
    assert small.boxes.max() > 200
    assert (small.boxes <= [320, 240, 320, 240]).all()
    assert detector.detect([frame_of(large)])[0].boxes.max() > 400


def test_a_batch_is_its_frames(image: np.ndarray) -> None:
    detector = make(labels=None)
    other = image[::-1].copy()
    both = detector.detect([frame_of(image), frame_of(other)])
    alone = [detector.detect([frame_of(i)])[0] for i in (image, other)]
    for a, b in zip(both, alone, strict=True):
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-5)
        # Boxes of nearly one score may change places.
        gaps = np.abs(a.boxes[:, None] - b.boxes).max(axis=2)
        assert max(gaps.min(axis=0).max(), gaps.min(axis=1).max()) < 1e-3
    assert detector.detect([]) == []


def test_only_the_labels_asked_for(image: np.ndarray) -> None:
    every = make(labels=None).detect([frame_of(image)])[0]
    ones = make(labels=(1,)).detect([frame_of(image)])[0]
    assert set(ones.labels.tolist()) <= {1}
    assert len(ones) == (every.labels == 1).sum()


def test_another_size_and_threshold_in_training(image: np.ndarray) -> None:
    pipeline = tiny_fcos()['test_pipeline']
    pipeline[1] = dict(type='Resize', scale_factor=1.0)
    detector = make(train_pipeline=pipeline, train_score_threshold=1.0, labels=None)
    frame = frame_of(image)
    features = detector.train().extract([frame])
    assert features.inputs.shape == (1, 3, 240, 320)
    assert features.scales.tolist() == [[1.0, 1.0]]
    assert len(detector.detect([frame])[0]) == 0
    assert detector.model.training
    assert detector.eval().extract([frame]).inputs.shape == (1, 3, 96, 128)
    assert len(detector.detect([frame])[0]) > 0


def test_the_image_beside_the_first_level(image: np.ndarray) -> None:
    plain, seeing = make(labels=None), make(labels=None, rgb_cells=2)
    frame = frame_of(image)
    features, own = seeing.extract([frame]), plain.extract([frame])
    channels = own.levels[0].shape[1]
    assert features.levels[0].shape[1] == channels + 12
    torch.testing.assert_close(features.levels[0][:, :channels], own.levels[0])
    # The mean over a cell's four squares is the mean over the cell.
    colours = features.levels[0][:, channels:].unflatten(1, (3, 4)).mean(2)
    mean = torch.nn.functional.adaptive_avg_pool2d(own.inputs, colours.shape[-2:])
    torch.testing.assert_close(colours, COLOUR_GAIN * mean)
    # The detector itself does not look at it.
    np.testing.assert_array_equal(
        seeing.detect([frame])[0].boxes, plain.detect([frame])[0].boxes
    )
    targets = [(np.array([[40.0, 30, 200, 220]]), np.array([0]))]
    ours, theirs = (d.loss([frame], targets) for d in (seeing, plain))
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value)
    assert seeing.fingerprint != plain.fingerprint


def test_losses_reach_the_first_layer(image: np.ndarray) -> None:
    detector = make()
    box = np.array([[40.0, 30, 200, 220]])
    losses = detector.loss([frame_of(image)], [(box, np.array([0]))])
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    first = next(detector.model.backbone.parameters())
    assert first.grad.abs().sum() > 0


@pytest.mark.parametrize('kind', ['SSD', 'RetinaNet'])
def test_detectors_with_mmdets_iou_assigner_can_be_trained(
    kind: str, image: np.ndarray
) -> None:
    """MaxIoUAssigner asks boxes of the empty ``ignored_instances`` that PackDetInputs adds."""
    config = tiny_anchor_detector(kind)
    assigner = dict(
        type='MaxIoUAssigner', pos_iou_thr=0.3, neg_iou_thr=0.3, min_pos_iou=0.0
    )
    config['model']['train_cfg'] = dict(
        assigner=assigner,
        allowed_border=-1,
        pos_weight=-1,
        debug=False,
        smoothl1_beta=1.0,
        neg_pos_ratio=3,
    )
    detector = MMDetDetector(config=config)
    box = np.array([[40.0, 30, 200, 220]])
    losses = detector.loss([frame_of(image)], [(box, np.array([0]))])
    assert sum(float(sum(v)) for k, v in losses.items() if 'loss' in k) > 0


def test_weights_round_trip_and_those_of_another_config(
    image: np.ndarray, tmp_path: Path
) -> None:
    detector = make(seed=1, labels=None)
    path = tmp_path / 'tiny.pth'
    torch.save({'state_dict': detector.model.state_dict()}, path)
    again = make(seed=2, labels=None, checkpoint=str(path))
    np.testing.assert_array_equal(
        again.detect([frame_of(image)])[0].boxes,
        detector.detect([frame_of(image)])[0].boxes,
    )
    assert again.fingerprint == detector.fingerprint  # the same weights
    assert make(seed=2, labels=None).fingerprint != detector.fingerprint
    whole = torch.nn.ModuleDict({'detector': detector, 'words': torch.nn.Linear(2, 2)})
    torch.save({'state_dict': whole.state_dict()}, path)
    part = make(seed=2, labels=None, checkpoint=str(path))
    assert part.fingerprint == detector.fingerprint
    # MMTracking's pipelines hold the detector without a wrapper.
    old = torch.nn.ModuleDict({'detector': detector.model, 'reid': torch.nn.ReLU()})
    old.register_buffer('ema_detector_backbone_conv1_weight', torch.zeros(2))
    torch.save({'meta': {'epoch': 3}, 'state_dict': old.state_dict()}, path)
    part = make(seed=2, labels=None, checkpoint=str(path))
    assert part.fingerprint == detector.fingerprint
    # mmdet 2.x's hook for moving averages leaves a second copy.
    weights = detector.model.state_dict()
    average = {f'ema_{k.replace(".", "_")}': w + 1 for k, w in weights.items()}
    torch.save({'state_dict': {**weights, **average}}, path)
    part = make(seed=2, labels=None, checkpoint=str(path))
    assert part.fingerprint == detector.fingerprint
    torch.save({'state_dict': torch.nn.Linear(2, 2).state_dict()}, path)
    with pytest.raises(ValueError, match='belongs to another config'):
        make(checkpoint=str(path))


def test_a_config_without_a_model_says_so() -> None:
    with pytest.raises(ValueError, match='needs a key "model"'):
        MMDetDetector(config={'backbone': {}})


def test_other_weights_are_another_fingerprint() -> None:
    one, same = make(seed=1), make(seed=1)
    assert one.fingerprint == same.fingerprint
    with torch.no_grad():
        next(one.model.parameters()).add_(1e-3)
    assert one.fingerprint != same.fingerprint
    assert make(seed=1, channels_last=True).fingerprint != same.fingerprint


def test_initialising_does_not_fill_the_log(capfd: pytest.CaptureFixture) -> None:
    make()
    out, err = capfd.readouterr()
    assert 'The value is the same' not in out + err
    assert len((out + err).splitlines()) < 10


def test_scores_to_a_power(image: np.ndarray) -> None:
    """CenterNet2's square root: the same boxes, and the threshold is of the root."""
    plain = make(labels=None).detect([frame_of(image)])[0]
    rooted = make(labels=None, score_power=0.5).detect([frame_of(image)])[0]
    np.testing.assert_array_equal(rooted.boxes, plain.boxes)
    np.testing.assert_allclose(rooted.scores, plain.scores**0.5, rtol=1e-6)
    middle = float(np.median(rooted.scores))
    torch.manual_seed(0)
    strict = MMDetDetector(
        config=tiny_fcos(), score_threshold=middle, labels=None, score_power=0.5
    )
    kept = strict.detect([frame_of(image)])[0]
    assert len(kept) == (rooted.scores >= middle).sum() < len(rooted)


def test_embeddings_are_what_the_maps_show_in_a_box(image: np.ndarray) -> None:
    embedder = dict(type='RoITokens', in_channels=8, channels=8)
    detector = make(labels=None, embedder=embedder)
    assert detector.state_dict().keys() == make(labels=None).state_dict().keys()
    frames = [frame_of(image), frame_of(image[::-1].copy())]
    one, two = detector.detect(frames)
    assert one.embeddings.shape == (len(one), 4 * 8)
    np.testing.assert_allclose(np.linalg.norm(two.embeddings, axis=1), 1, rtol=1e-5)
    with torch.no_grad():
        features = detector.extract(frames)
        rows = torch.ones(len(two), dtype=torch.int64)
        tokens = detector.embedder(features, rows, torch.from_numpy(two.boxes))
    expected = torch.nn.functional.normalize(tokens.flatten(1), dim=1)
    np.testing.assert_allclose(two.embeddings, expected, atol=1e-5)
    plain = make(labels=None).detect(frames)[1]
    np.testing.assert_allclose(two.boxes, plain.boxes, atol=1e-3)
    assert detector.fingerprint != make(labels=None).fingerprint
    nobody = MMDetDetector(config=tiny_fcos(), score_threshold=1.0, embedder=embedder)
    assert [len(found) for found in nobody.detect(frames)] == [0, 0]


def test_a_sure_heat_map_has_a_loss_in_16_bits() -> None:
    torch.manual_seed(0)
    detector = MODELS.build(DETECTOR).train()
    with torch.no_grad():
        detector.model.bbox_head.conv_cls.bias.fill_(9.0)
    targets = [(np.array([[10.0, 5, 40, 50]]), np.zeros(1, np.int64))]
    shown = semantic_frames(1)
    exact = detector.loss(shown, targets)
    with torch.autocast('cpu', torch.float16):
        rough = detector.loss(shown, targets)
    for name, value in exact.items():
        assert float(rough[name]) == pytest.approx(float(value), rel=0.02), name


def test_boxes_that_are_not_finite_are_a_loss_that_is_not() -> None:
    """mmdet's head would end in an assertion without a word."""
    torch.manual_seed(0)
    detector = MODELS.build(DETECTOR).train()
    targets = [(np.array([[10.0, 5, 40, 50]]), np.zeros(1, np.int64))]
    features = detector.extract(semantic_frames(1))
    losses = detector.loss_in(features, targets)
    model = detector._model_on(features)
    own = model(features.inputs, features.samples, mode='loss')
    assert all(torch.equal(losses[name], value) for name, value in own.items())
    head = detector.model.bbox_head
    with torch.no_grad():
        head.conv_reg.weight[0, 0, 0, 0] = torch.nan
    losses = detector.loss_in(features, targets)
    assert sorted(losses) == ['loss_bbox', 'loss_cls']
    assert all(value.isnan() and value.requires_grad for value in losses.values())


def test_an_error_in_between_leaves_no_hook_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detector = MODELS.build(DETECTOR).train()

    def wrong(*_: object) -> None:
        raise AssertionError('of mmdet')

    monkeypatch.setattr(detector.model.bbox_head, 'get_targets', wrong)
    targets = [(np.array([[10.0, 5, 40, 50]]), np.zeros(1, np.int64))]
    with pytest.raises(AssertionError, match='of mmdet'):
        detector.loss(semantic_frames(1), targets)
    assert not detector.model.bbox_head._forward_hooks
