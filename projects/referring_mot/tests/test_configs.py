"""The configs: found from anywhere, checked, built; the paper's size steps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmsmot.datasets.seeded_index import SeededIndex
from mmsmot.datasets.synsmot import make_clip
from mmsmot.engine import load_config
from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.stage import with_stage_folders
from mmsmot.engine.sweeps.sweep_file import read_sweep
from mmsmot.registry import DATASETS, MODELS
from mmsmot.structures import Frame, Prompt, VideoInfo, pairwise_iou
from mmsmot.utils.bundled_weights import weights_path
from mmsmot.utils.checkpoint import load_checkpoint, load_weights
from mmsmot.utils.mmdet_bridge import import_mmdet
from projects.query_trackers.tests.conftest import load_tool
from projects.query_trackers.tests.test_configs import no_initialisation
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.evaluation.threshold_choice import FILE
from projects.referring_mot.models.expression_statistics_hook import (
    ExpressionStatisticsHook,
)
from projects.referring_mot.models.ikun import IKUN
from projects.referring_mot.models.refer_heads import (
    ConcatReferHead,
    CrossAttentionReferHead,
    LinearReferHead,
    SemanticCorrelation,
)
from projects.referring_mot.models.text_encoders.onnx_text_encoder import (
    ONNXTextEncoder,
)
from projects.referring_mot.tests.test_ikun import build as build_ikun
from projects.referring_mot.tests.test_text_encoders import roberta

__all__ = ['no_initialisation', 'roberta']
PROJECT = Path(__file__).parents[1]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/referring_mot/configs/{name}')


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_is_short(name: str) -> None:
    lines = (PROJECT / 'configs' / f'{name}.py').read_text().splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 90


def test_a_wrong_option_is_refused() -> None:
    name = 'projects/referring_mot/configs/ikun_tiny_synsmot'
    with pytest.raises(KeyError, match="windows'.*'window'"):
        load_config(name, {'model.estimator.windows': 3})


@pytest.mark.parametrize('name', ['ikun', 'transrmot', 'mls-track'])
def test_the_rate_falls_to_the_last_of_2000_iterations(name: str) -> None:
    """Of either size of SynSMOT: an epoch of the large one has eight times as many."""
    config = load_config(f'projects/referring_mot/configs/{name}_tiny_synsmot')
    assert dict(config.train_cfg) == dict(type='IterBasedTrainLoop', max_iters=2000)
    assert config.param_scheduler[-1].end == 2000
    assert not config.default_hooks.checkpoint.by_epoch  # iter_2000.pth
    assert not config.log_processor.by_epoch


def test_ikun_at_paper_size_trains_as_long_as_transrmot() -> None:
    """705 iterations of 8 clips in each of 100 epochs, the rate to 0 as released."""
    config = load_config('projects/referring_mot/configs/ikun_r50_refer-kitti')
    loader = config.train_dataloader
    assert loader.dataset.times * 15 / loader.batch_size == 705
    clips = loader.dataset.dataset
    assert (clips.num_frames, clips.stride) == (2, 4)
    assert [step.type for step in clips.pipeline] == ['PackClip']
    (rate,) = config.param_scheduler
    assert (rate.T_max, rate.eta_min, config.train_cfg.max_epochs) == (100, 0, 100)


def test_expressions_are_counted_through_a_repeated_dataset(refer_kitti: Path) -> None:
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    clips = dict(type='ReferringDataset', dataset=inner, num_frames=2)
    dataset = DATASETS.build(dict(type='RepeatDataset', times=3, dataset=clips))
    model = build_ikun(pooling='cosine', calibration=dict(type='SimilarityCalibration'))
    loader = SimpleNamespace(dataset=dataset)
    runner = SimpleNamespace(model=model, train_dataloader=loader)
    ExpressionStatisticsHook().before_train(runner)
    sentences = ['cars', 'cars which are braking', 'moving cars']
    assert [*model.estimator.calibration.frequencies] == sentences
    loader.dataset = SimpleNamespace()
    with pytest.raises(TypeError, match='must be a ReferringDataset'):
        ExpressionStatisticsHook().before_train(runner)


def test_motr_fills_all_but_the_text() -> None:
    """Its weights come along, and with them what was chosen for them on val."""
    import_mmdet()
    motr = load_config('projects/query_trackers/configs/motr_tiny_synsmot')
    config = load_config('projects/referring_mot/configs/mls-track_tiny_synsmot')
    assert config.model.estimator.lifecycle == motr.model.estimator.lifecycle
    assert config.model.estimator.lifecycle.track_nms == 0.9
    model = MODELS.build(config.model)
    weights = load_checkpoint(weights_path(config.load_from))
    missing, unexpected = model.load_state_dict(
        weights.get('state_dict', weights), strict=False
    )
    assert not unexpected
    assert {name.split('.')[1] for name in missing} == {'text_hook'}
    assert all(weight.requires_grad for weight in model.parameters())  # encoder too


def test_the_tiny_model_fits_into_its_file() -> None:
    import_mmdet()
    config = load_config('projects/referring_mot/configs/ikun_tiny_synsmot')
    model = MODELS.build(config.model)
    assert isinstance(model.estimator, IKUN)
    numbers = sum(tensor.numel() for tensor in model.state_dict().values())
    assert 2 * numbers < 8e6  # bytes, as halves


def test_the_papers_size_steps(refer_kitti: Path, roberta: Path) -> None:
    """With images of 64 pixels instead of 224 and 672, and a small text encoder."""
    import_mmdet()
    options = {
        'model.estimator.visual_encoder.backbone.init_cfg': None,
        'model.estimator.text_encoder.name': str(roberta),
        'model.estimator.text_encoder.kind': 'encoder',
        'model.estimator.unification.text_channels': 16,
        'model.estimator.pooling.text_channels': 16,
        'model.estimator.local_size': (64, 64),
        'model.estimator.global_size': (64, 64),
    }
    config = load_config('projects/referring_mot/configs/ikun_r50_refer-kitti', options)
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    dataset = ReferringDataset(dataset=inner, num_frames=2, stride=2)
    batch = pseudo_collate([dataset[SeededIndex(0, (0, 0, 0))]])
    loss = model.loss(batch['inputs'], batch['data_samples'])['loss_refer']
    loss.backward()
    assert np.isfinite(float(loss))
    backbone = model.estimator.visual_encoder.backbone
    assert backbone.layer4[0].conv1.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('paper', ['transrmot', 'mls-track'])
def test_a_referring_tracker_of_the_papers_size_steps(
    paper: str, refer_kitti: Path, roberta: Path, no_initialisation: None
) -> None:
    """6 + 6 layers, 300 queries; images of 96 pixels and small text encoders."""
    import_mmdet()
    hook = 'model.estimator.text_hook'
    options = {
        f'{hook}.text_encoder.name': str(roberta),
        f'{hook}.fusion.text_channels': 16,
        'model.estimator.detector.config.test_pipeline.1.scale': (96, 64),
    }
    if paper == 'mls-track':
        options |= {
            f'{hook}.sentence_encoder': dict(
                _delete_=True, type='TransformersTextEncoder', name=str(roberta)
            ),
            f'{hook}.guidance.text_channels': 16,
            f'{hook}.refer_head.text_channels': 16,
        }
    config = load_config(
        f'projects/referring_mot/configs/{paper}_r50_refer-kitti', options
    )
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    assert len(model.estimator.text_hook.refer_head.layers) == 6
    assert model.estimator.track_attention is None
    data = config.train_dataloader.dataset.dataset
    data.dataset.data_root = str(refer_kitti)
    batch = pseudo_collate([DATASETS.build(data)[SeededIndex(0, (0, 0, 0))]])
    losses = model.train().loss(batch['inputs'], batch['data_samples'])
    assert {'loss_refer', 'd4.loss_refer'} <= set(losses)
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert torch.isfinite(total)
    gradient = model.estimator.text_hook.fusion.attention.in_proj_weight.grad
    assert gradient.abs().max() > 0
    frames = [step[0] for step in batch['inputs']]
    run = model.eval().begin(frames[0].video, [Prompt('cars'), Prompt('red cars')])
    assert len(run.push(frames)) == 2
    assert len(run.finish()) == 2


# Label: guidance mode, refer head, sentence encoder, track groups.
SWEEP_MODELS = {
    'TransRMOT': (None, LinearReferHead, None, False),
    'TransRMOT + track groups': (None, LinearReferHead, None, True),
    'SGM': ('full', LinearReferHead, None, True),
    'SGM, new queries alone': ('new_only', LinearReferHead, None, True),
    'SGM, cross-attention alone': ('cross_only', LinearReferHead, None, True),
    'SGM + SCB (MLS-Track)': ('full', SemanticCorrelation, None, True),
    'SCB, concat & MLP': ('full', ConcatReferHead, None, True),
    'SCB, cross-attention': ('full', CrossAttentionReferHead, None, True),
    'SCB, MiniLM': ('full', SemanticCorrelation, ONNXTextEncoder, True),
    'without track groups': ('full', SemanticCorrelation, None, False),
}


def test_the_sweep_has_a_row_for_each_of_the_papers_tables(
    test_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(test_data / 'data/models')  # the files of MiniLM
    sweep = read_sweep(PROJECT / 'configs/recipes/referring_tables.py')
    assert [*sweep.stages] == ['train', 'val', 'test']
    assert all(stage.axes == ('model', 'seed') for stage in sweep.stages.values())
    import_mmdet()
    models = {}
    for label, setting in sweep.axes['model'].settings.items():
        name = setting.arguments.get('config', sweep.base)
        config = load_config(name, dict(setting.options))
        estimator = MODELS.build(config.model).estimator
        hook, encoder = estimator.text_hook, estimator.text_hook.sentence_encoder
        models[label] = (
            hook.guidance and hook.guidance.mode,
            type(hook.refer_head),
            encoder and type(encoder),
            estimator.denoising is not None,
        )
    assert models == SWEEP_MODELS


def test_the_sweep_chooses_on_val_and_reports_test(tmp_path: Path) -> None:
    """Of the first value of each axis: the others have the same stages."""
    sweep = read_sweep(PROJECT / 'configs/recipes/referring_tables.py')
    axes = {
        name: replace(axis, settings=dict([*axis.settings.items()][:1]))
        for name, axis in sweep.axes.items()
    }
    cells = plan_cells(replace(sweep, axes=axes), tmp_path, 'data/SynSMOT')
    splits = {
        cell.stage.name: cell.setting.options['test_dataloader.dataset.split']
        for cell in cells.values()
        if cell.stage.run == 'test'
    }
    assert splits == {'val': 'val', 'test': 'test'}
    cell = {cell.stage.name: cell for cell in cells.values()}
    assert [cell.id for cell in cells.values() if cell.stage.name == 'val'] == [
        *{*cell['test'].needs} - {cell['train'].id}
    ]
    command = with_stage_folders(cell['test'].setting.options, cell['test'].folders)
    choice = command['test_evaluator.threshold_from']
    assert choice == str(cell['val'].run_dir / 'results' / FILE)


def test_the_tools_run_a_referring_tracker(
    refer_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One iteration, the scores of two expressions, and a video with two sentences."""
    base = PROJECT / 'configs/mls-track_tiny_synsmot.py'
    config = tmp_path / 'mls-track_tiny_kitti.py'
    config.write_text(
        f"""_base_ = [{str(base)!r}]
_kitti_ = dict(_delete_=True, type='ReferKITTIDataset', data_root={str(refer_kitti)!r})
train_dataloader = dict(
    num_workers=0, persistent_workers=False, batch_size=1,
    dataset=dict(run_length=4, dataset=_kitti_))
test_dataloader = dict(dataset=dict(dataset=dict(_kitti_, split='test')))
train_cfg = dict(max_iters=1)
"""
    )

    def call(tool: str, *args: str | Path) -> Path:
        out = tmp_path / tool
        name = '--out' if tool == 'infer' else '--work-dir'
        monkeypatch.setattr('sys.argv', [tool, *map(str, args), name, str(out)])
        load_tool(PROJECT.parents[1] / 'tools' / f'{tool}.py').main()
        return out

    checkpoint = call('train', config) / 'iter_1.pth'
    scores = next(call('test', config, checkpoint).rglob('scores.json'))
    sentences = [
        row['sentence']
        for row in json.loads(scores.read_text())['expressions'].values()
    ]
    assert sorted(sentences) == ['cars', 'moving cars']
    evaluator = 'test_evaluator.'
    choose = (
        *('--cfg-options', 'model.estimator.text_hook.refer_threshold=0'),
        evaluator + 'thresholds=[0.3,0.4]',
    )
    select = evaluator + 'select_threshold=mean_HOTA'
    choice = call('test', config, checkpoint, *choose, select) / 'results' / FILE
    assert json.loads(choice.read_text())['threshold'] in (0.3, 0.4)
    with pytest.raises(ValueError, match='was chosen on this video'):
        call('test', config, checkpoint, *choose, f'{evaluator}threshold_from={choice}')
    images = refer_kitti / 'KITTI/training/image_02/0005'
    model = ('--config', config, '--checkpoint', checkpoint)
    texts = ('--text', 'cars', '--text', 'moving cars')
    out = call('infer', images, *model, *texts)
    folders = sorted(path.parent.name for path in out.rglob('result.json'))
    assert [name.rsplit('-', 1)[0] for name in folders] == ['cars', 'moving-cars']


def test_the_weights_find_who_wears_a_colour() -> None:
    """A clip of the test split: a man in red, a woman in green, a boy in pink."""
    import_mmdet()
    config = load_config('projects/referring_mot/configs/ikun_tiny_synsmot')
    model = MODELS.build(config.model).eval()
    load_weights(model, PROJECT / 'weights' / 'ikun_tiny_synsmot.safetensors')
    clip = make_clip(0, 4, 'test')
    height, width = clip.images[0].shape[:2]
    video = VideoInfo('clip', 'clip', 8.0, width, height)
    frames = [
        Frame(video, t + 1, t / 8, load=lambda image=image: image)
        for t, image in enumerate(clip.images)
    ]
    colors = ('red', 'green', 'pink')
    run = model.begin(video, [Prompt(f'people in {color}') for color in colors])
    run.push(frames)
    for number, result in enumerate(run.finish()):
        table = result.trajectories
        rows = table[table.frame_ids == 2]
        assert len(rows) == 1
        gt = clip.boxes[1, number].astype(float)
        gt[2:] += gt[:2]
        assert pairwise_iou(rows.boxes, gt[None])[0, 0] > 0.5
