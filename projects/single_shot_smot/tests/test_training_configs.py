"""Configs whose weights and data are elsewhere: they build."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet', reason='needs mmdet')

from mmengine.config import Config

from mmsmot.engine import SMOTRunner, load_config
from mmsmot.models.detectors import MMDetDetector
from mmsmot.registry import MODELS
from mmsmot.structures import Frame
from mmsmot.utils.bundled_weights import weights_path
from mmsmot.utils.checkpoint import load_checkpoint
from mmsmot.utils.legacy_names import upgraded_legacy_weights
from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope
from projects.single_shot_smot.tests.grid_detector import VIDEO
from projects.single_shot_smot.tools import join_weights

PROJECT = Path(__file__).parents[1]


def test_tracktor_on_the_zoos_faster_rcnn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights: those of the zoo are a download."""
    monkeypatch.setattr(MMDetDetector, '_initialise', lambda self: None)
    name = f'projects/{PROJECT.name}/configs/tracktor_faster-rcnn-r50'
    config = load_config(name, {'model.estimator.reid': None})
    estimator = MODELS.build(config.model).estimator.eval()
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    pipeline = [
        dict(type='LoadImageFromNDArray'),
        dict(type='Resize', scale=(128, 96)),
        dict(
            type='PackDetInputs',
            meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'),
        ),
    ]
    with mmdet_scope():
        estimator.detector._pipeline.transforms = [
            import_mmdet().registry.TRANSFORMS.build(step) for step in pipeline
        ]
    frame = Frame(VIDEO, 1, 0.0, lambda: pixels)
    features = estimator.detector.extract([frame])
    boxes = np.array([[10.0, 10, 60, 80], [30, 5, 90, 90]])
    person, dog = 0, 16
    labels = [np.array([person, dog])]
    ((regressed, scores),) = estimator.box_regression.regress_in(
        features, [boxes], labels
    )
    assert regressed.shape == (2, 4) and ((scores > 0) & (scores < 1)).all()
    ((_, other_scores),) = estimator.box_regression.regress_in(
        features, [boxes], [labels[0][::-1]]
    )
    assert (scores != other_scores).all()  # each class has its own


@pytest.mark.parametrize('name', ['ssd-r34_coco-person', 'ssd-r34_widerface'])
def test_detectors_for_still_images(name: str) -> None:
    config = Config.fromfile(PROJECT / 'configs' / 'detectors' / f'{name}.py')
    config.model.backbone.init_cfg = None
    registry = import_mmdet().registry
    with mmdet_scope():
        model = registry.MODELS.build(config.model)
        for loader in (config.train_dataloader, config.val_dataloader):
            assert loader.dataset.type in registry.DATASETS
    assert model.bbox_head.num_classes == 1
    assert len(model.bbox_head.prior_generator.num_base_priors) == 5
    if name.endswith('person'):
        assert config.train_dataloader.dataset.metainfo.classes == ('person',)
        assert config.val_dataloader.dataset.metainfo.classes == ('person',)


def test_smoters_heads_pool_from_features_of_their_own() -> None:
    name = f'projects/{PROJECT.name}/configs/single-shot_smoter-tiny_synsmot'
    model = MODELS.build(load_config(name).model)
    names = {key.rsplit('.model.', 1)[0] for key in model.estimator.state_dict()}
    assert names == {'detector', 'feature_extractor'}
    assert model.needs and model.needs <= model.estimator.provides


def test_join_weights_puts_both_models_where_the_config_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    sources = 'single-shot_tiny_synsmot', 'smoter_tiny_synsmot'
    path = str(tmp_path / 'joined.safetensors')
    monkeypatch.setattr('sys.argv', ['join_weights.py', *sources, path])
    join_weights.main()
    assert path in capsys.readouterr().out
    joined = load_checkpoint(path)['state_dict']
    ssd, smoter = (
        load_checkpoint(weights_path(source))['state_dict'] for source in sources
    )
    expected = {
        'estimator.detector.': part_of(ssd, 'estimator.detector.'),
        'estimator.feature_extractor.': part_of(smoter, 'detector.'),
        'semantics.': part_of(smoter, 'semantics.'),
    }
    assert sum(map(len, expected.values())) == len(joined)
    for prefix, weights in expected.items():
        part = part_of(joined, prefix)
        weights = upgraded_legacy_weights(weights, part)
        assert weights and part.keys() == weights.keys()
        for key, value in weights.items():
            assert torch.equal(part[key].float(), value.float()), prefix + key


def part_of(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The weights below a prefix, by the rest of their names."""
    return {
        key.removeprefix(prefix): value
        for key, value in weights.items()
        if key.startswith(prefix)
    }


def test_mot17_is_tested_on_frames_that_are_not_trained_on() -> None:
    name = f'projects/{PROJECT.name}/configs/single-shot_r34_mot17'
    config = load_config(name)
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    assert (train.split, test.split) == ('train_half', 'val_half')
    assert train.sequences == test.sequences == ['*-FRCNN']
    assert train.data_root == test.data_root and test.test_mode


def test_a_step_of_training_on_mot17(test_data: Path, tmp_path: Path) -> None:
    """Seven sequences of a few frames, images of 256 pixels."""
    name = f'projects/{PROJECT.name}/configs/single-shot_r34_mot17'
    model = 'model.estimator.detector.config.model'
    options = {
        f'{model}.backbone.init_cfg': None,
        f'{model}.backbone.depth': 18,
        'model.estimator.detector.config.test_pipeline.1.scale': (256, 256),
        'train_dataloader.dataset.data_root': str(test_data / 'data/MOT17-mini/train'),
        'train_dataloader.dataset.split': None,
        'train_dataloader.dataset.run_length': 2,
        'train_dataloader.batch_size': 2,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'train_cfg.max_iters': 1,
        'work_dir': str(tmp_path),
    }
    config = load_config(name, options)
    runner = SMOTRunner.from_cfg(config)
    head = runner.model.estimator.detector.model.bbox_head.cls_convs[0][-1].weight
    before_step = head.detach().clone()
    runner.train()
    assert (head != before_step).any()
    assert (tmp_path / 'last_checkpoint').is_file()
