"""The configs: found by name, and those at paper size take a step each."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.engine import load_config
from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.sweep_file import read_sweep
from mmsmot.models.detectors import DetectionFile
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS, TRACKERS
from mmsmot.structures import CoordinateSpace, Detections
from mmsmot.utils.bundled_weights import weights_path
from mmsmot.utils.checkpoint import load_checkpoint, require_checkpoint_weights
from projects.query_trackers.tests.conftest import (
    PAPERS,
    batch,
    clip,
    load_tool,
    model_config,
    walking,
)

PROJECT = Path(__file__).parents[1]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/{PROJECT.name}/configs/{name}')


def test_a_wrong_option_of_a_part_is_refused() -> None:
    name = f'projects/{PROJECT.name}/configs/motr_tiny_synsmot'
    with pytest.raises(KeyError, match="drop_ration'.*'drop_ratio'"):
        load_config(name, {'model.estimator.updater.drop_ration': 0.1})


@pytest.mark.parametrize(
    ('name', 'count'),
    [
        ('tiny_synsmot', 3 + 2 * 4 * 6),
        ('ablations_tiny_synsmot', 2 * 9 * 2),
        ('thresholds_tiny_synsmot', 9 * 5 + 5),
        ('heads_tiny_synsmot', 7 * 2),
        ('association_tiny_synsmot', 5 * 2),
    ],
)
def test_every_cell_of_a_recipe_has_a_config(
    name: str, count: int, tmp_path: Path
) -> None:
    """Each config and option is read and checked; nothing is run."""
    sweep = read_sweep(PROJECT / 'configs' / 'recipes' / f'{name}.py')
    cells = plan_cells(sweep, tmp_path)
    assert len(cells) == count
    trainings = [cell for cell in cells.values() if cell.stage.name == 'train']
    if name == 'tiny_synsmot':
        assert {cell.start for cell in trainings} == {'detector'}
        labels = {'TransTrack', 'TrackFormer', 'MOTR', 'MOTRv2'}
        assert set(sweep.axes['tracker'].settings) == labels
    for cell in trainings:
        config = load_config(cell.setting.arguments['config'], cell.setting.options)
        epoch = -(-400 // config.train_dataloader.batch_size)  # SynSMOT small
        cosine = config.param_scheduler[1]
        batches = epoch * config.train_cfg.max_epochs
        assert cosine.end <= batches <= 1.01 * cosine.end


def test_cells_of_the_thresholds_differ() -> None:
    sweep = read_sweep(PROJECT / 'configs' / 'recipes' / 'thresholds_tiny_synsmot.py')
    bases, models = {}, {}
    for label, setting in sweep.axes['tracker'].settings.items():
        name = setting.arguments['config']
        if name not in bases:
            bases[name] = load_config(name)
        config = copy.deepcopy(bases[name])
        config.merge_from_dict(setting.options)
        models[label] = config.model
    equal_pairs = [
        pair for pair in combinations(models, 2) if models[pair[0]] == models[pair[1]]
    ]
    assert equal_pairs == []


def arguments(tracker: dict) -> dict:
    """All that a tracker is built with, defaults included."""
    options = {name: value for name, value in tracker.items() if name != 'type'}
    bound = inspect.signature(TRACKERS.get(tracker['type'])).bind(**options)
    bound.apply_defaults()
    return dict(bound.arguments, type=tracker['type'])


@pytest.mark.parametrize('name', ['bytetrack', 'sort', 'ocsort'])
def test_recipes_have_the_trackers_of_boxes_of_the_configs(name: str) -> None:
    config = load_config(f'projects/{PROJECT.name}/configs/{name}-motr_tiny_synsmot')
    expected = arguments(config.model.estimator.lifecycle.tracker)
    recipes = PROJECT / 'configs' / 'recipes'
    stage = read_sweep(recipes / 'tiny_synsmot.py').stages[name]
    lifecycle = stage.setting.options['model.estimator.lifecycle']
    assert arguments(lifecycle['tracker']) == expected
    if name == 'sort':
        changes = read_sweep(recipes / 'ablations_tiny_synsmot.py').axes['change']
        options = changes.settings['without propagation, SORT'].options
        lifecycle = options['model.estimator.lifecycle']
        assert arguments(lifecycle['tracker']) == expected


@pytest.mark.parametrize('name', ['bytetrack', 'sort', 'ocsort'])
def test_trackers_of_boxes_have_the_weights_of_motr(name: str) -> None:
    config = load_config(f'projects/{PROJECT.name}/configs/{name}-motr_tiny_synsmot')
    detector = MODELS.build(config.model).estimator.detector
    weights = load_checkpoint(PROJECT / 'weights' / 'motr_tiny_synsmot.safetensors')
    expected = weights['state_dict']['estimator.detector.model.query_embedding.weight']
    actual = detector.model.query_embedding.weight
    torch.testing.assert_close(actual, expected.to(actual.dtype), rtol=0, atol=0)


@pytest.mark.parametrize('paper', PAPERS)
def test_heads_start_from_weights_that_come_along(paper: str) -> None:
    name = f'projects/{PROJECT.name}/configs/{paper}-smoter_tiny_synsmot'
    config = load_config(name)
    path = Path(weights_path(config.load_from))
    assert path == PROJECT / 'weights' / f'{paper}_tiny_synsmot.safetensors'
    weights = load_checkpoint(path)['state_dict']
    model = MODELS.build(config.model)
    require_checkpoint_weights(model, weights, path, partial=True)
    missing = model.estimator.state_dict().keys() - {
        key.removeprefix('estimator.') for key in weights
    }
    assert all(key.startswith('project_features.') for key in missing)


@pytest.mark.parametrize('tracker', ['bytetrack', 'sort', 'ocsort'])
def test_motr_weights_fill_trackers_of_boxes(
    tracker: str, build: Callable, tmp_path: Path
) -> None:
    """The comparison on MOTR's own detections takes MOTR's checkpoint, whole."""
    motr = build('motr')
    path = tmp_path / 'motr.pth'
    torch.save(dict(state_dict=motr.state_dict()), path)
    model = MODELS.build(model_config(f'{tracker}-motr')).eval()
    weights = load_checkpoint(path)['state_dict']
    require_checkpoint_weights(model, weights, path)
    model.load_state_dict(weights)
    frames, _ = clip(walking(3))
    run, motr_run = model.begin(frames[0].video), motr.begin(frames[0].video)
    results = run.push(frames)
    # In the first frame MOTR has no track queries either: the same detections.
    motr_detections = motr_run.push(frames[:1])[0].detections
    np.testing.assert_allclose(
        results[0].detections.boxes, motr_detections.boxes, atol=1e-3
    )
    assert len(results[0].detections)
    # No query of a frame goes on: the last frame alone has the same detections.
    (last_result,) = model.begin(frames[0].video).push(frames[2:])
    np.testing.assert_allclose(
        results[2].detections.boxes, last_result.detections.boxes, atol=1e-3
    )


@pytest.mark.parametrize(
    ('paper', 'epochs'), [('transtrack', 150), ('trackformer', 40), ('motr', 200)]
)
def test_an_epoch_has_a_clip_for_each_frame(paper: str, epochs: int) -> None:
    """MOT17's 7 training sequences have 5,316 frames."""
    config = load_config(f'projects/{PROJECT.name}/configs/{paper}_r50')
    dataset = config.train_dataloader.dataset
    assert 7 * dataset.times == pytest.approx(5316, rel=1e-3)
    assert config.train_cfg.max_epochs == epochs
    load_tool(PROJECT.parents[1] / 'tools' / 'train.py').set_data_root(
        config, 'elsewhere'
    )
    assert dataset.dataset.data_root == 'elsewhere' and 'data_root' not in dataset


def test_proposals_of_a_file_are_refused_where_clips_are_cropped(
    build: Callable,
) -> None:
    model = build('motrv2').train()
    del model.estimator.proposal_detector
    model.estimator.proposal_detector = DetectionFile()
    frames, sample = clip(walking(1))
    gt = sample.gt_trajectories
    sample.gt_trajectories = replace(gt, space=CoordinateSpace('transformed', 96, 64))
    with pytest.raises(ValueError, match='go by frame number.*ClipRandomCrop'):
        model.loss(*batch((frames, sample)))
    config = load_config(f'projects/{PROJECT.name}/configs/motrv2_r50')
    pipeline = config.train_dataloader.dataset.dataset.pipeline
    assert [part['type'] for part in pipeline] == ['PackClip']


@pytest.mark.parametrize('detection_frames', [0, 1])
def test_the_number_of_detection_frames_is_read(
    detection_frames: int, build: Callable
) -> None:
    estimator = build('motr').train().estimator
    inputs, samples = batch(clip(walking(2)))
    rows = [*range(detection_frames)]
    plan = ClipPlan(detection_rows=rows, grad_rows=[0, 1], semantic_losses=False)
    if detection_frames:
        with pytest.raises(ValueError, match='detection_frames must be None'):
            estimator.loss(inputs, samples, plan=plan)
    else:
        losses = estimator.loss(inputs, samples, plan=plan).losses
        assert not [name for name in losses if 'loss' in name]


def test_a_frozen_tracker_keeps_all_tracks(build: Callable) -> None:
    """Its heads learn on the tracks of the test: nothing is dropped or added."""
    estimator = build('motr').eval().estimator
    generators = []
    forward = estimator.updater.forward

    def recorded(queries, outputs, generator=None):
        generators.append(generator)
        return forward(queries, outputs, generator)

    estimator.updater.forward = recorded
    inputs, samples = batch(clip(walking(2)))
    plan = ClipPlan(detection_rows=[], grad_rows=[0, 1], freeze=True)
    estimator.loss(inputs, samples, plan=plan)
    assert generators == [None, None]


@pytest.fixture
def no_initialisation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights as torch makes them: sampling 40 million anew takes longer than a step."""
    from mmsmot.models.detectors.mmdet_detector import MMDetDetector

    monkeypatch.setattr(
        MMDetDetector,
        '_initialise',
        lambda self: torch.nn.init.normal_(
            self.model.level_embed
        ),  # the only one unset
    )


@pytest.mark.parametrize('paper', PAPERS)
def test_a_step_at_paper_size(paper: str, no_initialisation: None) -> None:
    config = load_config(f'projects/{PROJECT.name}/configs/{paper}_r50').model
    config.estimator.detector.config.test_pipeline[1].scale = (96, 64)
    model = MODELS.build(config)
    estimator = model.estimator
    assert len(estimator.detector.model.encoder.layers) == 6
    assert len(estimator.detector.model.decoder.layers) == 6
    has_dropout = paper in ('transtrack', 'trackformer')
    for part in (estimator.detector.model.encoder, estimator.detector.model.decoder):
        for layer in part.layers:
            rates = [m.p for m in layer.modules() if isinstance(m, torch.nn.Dropout)]
            assert max(rates) == (0.1 if has_dropout else 0.0)
    num_queries = dict(transtrack=500, trackformer=300, motr=300, motrv2=300)
    assert estimator.detector.model.num_queries == num_queries[paper]
    frames, sample = clip(walking(2))
    if paper == 'motrv2':
        boxes = sample.gt_trajectories.boxes[:2]
        estimator.proposal_detector.detect = lambda frames: [
            Detections(boxes, [0.9, 0.8]) for _ in frames
        ]
    losses = model.train().loss(*batch((frames, sample)))
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert torch.isfinite(total)
    layers = {name.split('.')[0] for name in losses if name.startswith('d')}
    assert {'d0', 'd4'} <= layers
    run = model.eval().begin(frames[0].video)
    results = run.push(frames)
    assert len(results) == 2


def semantic_model(build_config: Callable, **training) -> torch.nn.Module:
    from tests.models.estimators.test_toy_joint_estimator import semantics_of_tracks
    from tests.models.language.test_tokenizer import TEXTS

    torch.manual_seed(0)
    config = build_config('motr', feature_channels=16)
    training = dict(type='ClipTraining', teacher_forcing_ratio=1.0, **training)
    config |= dict(semantics=semantics_of_tracks(), training=training)
    model = MODELS.build(config)
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    return model.train()


@pytest.mark.parametrize('name', ['motr-smoter', 'motr-smoter-roi'])
def test_the_heads_of_a_config_take_a_training_step(name: str) -> None:
    """Their tokens are the queries' embeddings, or RoI pooling though embeddings are there."""
    from tests.models.language.test_tokenizer import TEXTS
    from tests.models.semantics.test_trajectory_semantics import sample as gt_texts

    torch.manual_seed(0)
    model = MODELS.build(
        load_config(f'projects/{PROJECT.name}/configs/{name}_tiny_synsmot').model
    )
    semantics = model.semantics
    semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    frames, sample = clip(walking(3))
    texts = gt_texts((1, 2), count=1)
    for key in ('gt_captions', 'gt_video_caption'):
        setattr(sample, key, texts.get(key))
    losses = model.train().loss(*batch((frames, sample)))
    losses['loss_instance_caption'].backward()
    has_rois = name == 'motr-smoter-roi'
    assert (semantics.roi is not None) == has_rois
    projection = (
        semantics.roi.cells if has_rois else model.estimator.project_features[0]
    )
    assert projection.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('detach_features', [False, True])
def test_semantic_losses_reach_the_queries_unless_detached(
    detach_features: bool,
) -> None:
    """SMOTer's heads on the embeddings of the queries, end to end or not."""
    from tests.models.semantics.test_trajectory_semantics import sample as gt_texts

    model = semantic_model(model_config, detach_features=detach_features)
    frames, sample = clip(walking(3))
    texts = gt_texts((1, 2), count=1)
    for name in ('gt_captions', 'gt_interactions', 'gt_video_caption'):
        if name in texts:
            setattr(sample, name, texts.get(name))
    losses = model.loss(*batch((frames, sample)))
    assert {'loss_instance_caption', 'loss_interaction'} <= set(losses)
    weights = [
        model.estimator.detector.model.backbone.conv1.weight,
        model.estimator.project_features[0].weight,
    ]
    gradients = torch.autograd.grad(
        losses['loss_instance_caption'], weights, allow_unused=True
    )
    reaches = [g is not None and bool(g.abs().max() > 1e-10) for g in gradients]
    assert reaches == [not detach_features, True]
    model.eval()
    model.estimator.lifecycle.birth_threshold = 0.0
    model.estimator.lifecycle.keep_threshold = 0.0
    run = model.begin(frames[0].video)
    run.push(frames)
    (result,) = run.finish()
    assert len(result.description.captions) == len(result.trajectories.by_id())
