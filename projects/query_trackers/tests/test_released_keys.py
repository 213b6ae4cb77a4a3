"""Released checkpoints: every name, every shape, and the tool."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mmsmot.utils.checkpoint import load_checkpoint
from projects.query_trackers.released_keys import estimator_weights
from projects.query_trackers.tests.conftest import load_tool

TOOL = load_tool(Path(__file__).parents[1] / 'tools' / 'convert_checkpoint.py')


# The released layout, written down from the constructors of the four repositories.
def linear(name: str, rows: int, columns: int) -> dict[str, tuple]:
    return {f'{name}.weight': (rows, columns), f'{name}.bias': (rows,)}


def norm(name: str, d: int) -> dict[str, tuple]:
    return {f'{name}.weight': (d,), f'{name}.bias': (d,)}


def attention(name: str, d: int) -> dict[str, tuple]:
    return {
        f'{name}.in_proj_weight': (3 * d, d),
        f'{name}.in_proj_bias': (3 * d,),
        **linear(f'{name}.out_proj', d, d),
    }


def deformable(name: str, d: int, samples: int) -> dict[str, tuple]:
    return {
        **linear(f'{name}.sampling_offsets', 2 * samples, d),
        **linear(f'{name}.attention_weights', samples, d),
        **linear(f'{name}.value_proj', d, d),
        **linear(f'{name}.output_proj', d, d),
    }


def ffn(name: str, d: int, inner: int) -> dict[str, tuple]:
    return linear(f'{name}.linear1', inner, d) | linear(f'{name}.linear2', d, inner)


def decoder(name: str, d: int, inner: int, samples: int, extra: bool) -> dict:
    shapes = {}
    for i in range(2):
        layer = f'{name}.layers.{i}'
        shapes |= deformable(f'{layer}.cross_attn', d, samples)
        shapes |= attention(f'{layer}.self_attn', d) | ffn(layer, d, inner)
        for k in (1, 2, 3):
            shapes |= norm(f'{layer}.norm{k}', d)
        if extra:
            shapes |= attention(f'{layer}.update_attn', d) | norm(f'{layer}.norm4', d)
    return shapes


def released(model: nn.Module, paper: str) -> dict[str, Tensor]:
    """A checkpoint of a paper's layout and of a model's sizes."""
    d, inner, samples, levels = 64, 256, 4 * 3 * 4, 3
    classes = 20 if paper in ('transtrack', 'trackformer') else 1
    num_queries = 10 if paper == 'motrv2' else 50
    width = d if paper == 'motrv2' else 2 * d
    shapes = {'transformer.level_embed': (levels, d)}
    shapes |= linear('transformer.reference_points', 2, d)
    shapes['query_embed.weight'] = (num_queries, width)
    for name, weight in model.estimator.detector.model.backbone.state_dict().items():
        shapes[f'backbone.0.body.{name}'] = tuple(weight.shape)
    for level, (channels, size) in enumerate(((48, 1), (96, 1), (96, 3))):
        shapes[f'input_proj.{level}.0.weight'] = (d, channels, size, size)
        shapes |= norm(f'input_proj.{level}.1', d)
    for i in range(2):
        layer = f'transformer.encoder.layers.{i}'
        shapes |= deformable(f'{layer}.self_attn', d, samples) | ffn(layer, d, inner)
        shapes |= norm(f'{layer}.norm1', d) | norm(f'{layer}.norm2', d)
        shapes |= linear(f'class_embed.{i}', classes, d)
        for place in (f'bbox_embed.{i}', f'transformer.decoder.bbox_embed.{i}'):
            shapes |= linear(f'{place}.layers.0', d, d) | linear(
                f'{place}.layers.1', d, d
            )
            shapes |= linear(f'{place}.layers.2', 4, d)
    has_extra = paper in ('motr', 'motrv2')
    shapes |= decoder('transformer.decoder', d, inner, samples, has_extra)
    if paper == 'transtrack':
        shapes |= decoder('transformer.decoder_track', d, inner, samples, False)
        shapes |= {'combine.weight': (d, 2 * d, 1, 1), 'combine.bias': (d,)}
    if has_extra:
        shapes |= attention('track_embed.self_attn', d) | ffn('track_embed', d, inner)
        kinds = ['feat', 'pos'] if paper == 'motr' else ['feat']
        for kind in kinds:
            shapes |= linear(f'track_embed.linear_{kind}1', inner, d)
            shapes |= linear(f'track_embed.linear_{kind}2', d, inner)
            shapes |= norm(f'track_embed.norm_{kind}', d)
        for k in (1, 2, 3)[: 3 if paper == 'motr' else 2]:
            shapes |= norm(f'track_embed.norm{k}', d)
    if paper == 'motrv2':
        shapes |= {'position.weight': (num_queries, 4)}
        shapes |= {'yolox_embed.weight': (1, d), 'refine_embed.weight': (1, d)}
    if paper == 'trackformer':
        shapes |= {
            'merge_features.weight': (d, 2 * d, 1, 1),
            'merge_features.bias': (d,),
        }
    generator = torch.Generator().manual_seed(0)
    return {k: torch.randn(s, generator=generator) for k, s in shapes.items()}


@pytest.mark.parametrize('paper', ['transtrack', 'trackformer', 'motr', 'motrv2'])
def test_a_released_checkpoint_fills_a_model(
    paper: str, build: Callable, tmp_path: Path
) -> None:
    model = build(paper)
    weights = released(model, paper)
    path = tmp_path / 'checkpoint.pth'
    args = argparse.Namespace(lr=2e-4)
    torch.save(dict(model=weights, args=args, epoch=3), path)
    TOOL.convert(model, str(path), class_row=int(paper == 'transtrack'))
    state = model.estimator.state_dict()
    for name, released_name in {
        'detector.model.backbone.layer1.0.conv1.weight': 'backbone.0.body.layer1.0.conv1.weight',
        'detector.model.neck.extra_convs.0.gn.bias': 'input_proj.2.1.bias',
        'detector.model.decoder.layers.1.norms.0.weight': 'transformer.decoder.layers.1.norm2.weight',
        'detector.model.decoder.layers.1.norms.1.weight': 'transformer.decoder.layers.1.norm1.weight',
        'detector.model.bbox_head.reg_branches.1.4.weight': 'bbox_embed.1.layers.2.weight',
        'track_attention.1.norm.weight': 'transformer.decoder.layers.1.norm4.weight',
        'updater.content_ffn.layers.3.weight': 'track_embed.linear_feat2.weight',
        'track_decoder.layers.0.self_attn.attn.in_proj_bias': 'transformer.decoder_track.layers.0.self_attn.in_proj_bias',
        'query_init.boxes.weight': 'position.weight',
        'denoising.content.weight': 'refine_embed.weight',
    }.items():
        if name in state:
            torch.testing.assert_close(state[name], weights[released_name], msg=name)
    row = state['detector.model.bbox_head.cls_branches.0.weight']
    expected = weights['class_embed.0.weight'][int(paper == 'transtrack')]
    torch.testing.assert_close(row[0], expected)


def test_what_does_not_fit_is_named(build: Callable, tmp_path: Path) -> None:
    model = build('motr')
    weights = released(model, 'motr')
    cases = [
        (
            weights | {'foo.weight': torch.zeros(1)},
            "names of no released.*'foo.weight'",
        ),
        ({k: w for k, w in weights.items() if 'level' not in k}, 'lacks 1 weights'),
        (
            weights | {'query_embed.weight': torch.zeros(300, 128)},
            r'\(300, 128\), \(50',
        ),
        (weights | {'combine.bias': torch.zeros(64)}, 'config has not.*combine.bias'),
    ]
    for number, (changed, message) in enumerate(cases):
        path = tmp_path / f'{number}.pth'
        torch.save(dict(model=changed), path)
        with pytest.raises(ValueError, match=message):
            TOOL.convert(model, str(path))


def deformable_detr(model: nn.Module, num_queries: int) -> dict[str, Tensor]:
    """COCO's detector in the layout of its authors: 91 classes, person is 1."""
    weights = {
        name: weight
        for name, weight in released(model, 'trackformer').items()
        if not name.startswith(('class_embed.', 'merge_features.'))
    }
    generator = torch.Generator().manual_seed(1)
    for i in range(2):
        for place in (f'class_embed.{i}', f'transformer.decoder.class_embed.{i}'):
            weights[f'{place}.weight'] = torch.randn(91, 64, generator=generator)
            weights[f'{place}.bias'] = torch.randn(91, generator=generator)
    weights['query_embed.weight'] = torch.randn(num_queries, 128, generator=generator)
    return weights


@pytest.mark.parametrize('num_queries', [50, 300])
def test_a_detector_of_its_authors_starts_a_tracker(
    num_queries: int, build: Callable, tmp_path: Path
) -> None:
    model = build('transtrack')
    weights = deformable_detr(model, num_queries)
    path = tmp_path / 'detector.pth'
    torch.save(dict(model=weights, args=argparse.Namespace()), path)
    missing = TOOL.convert_detector(model, str(path), class_row=1)
    assert missing == ([] if num_queries == 50 else [TOOL.QUERIES])
    state = model.estimator.detector.model.state_dict()
    person = weights['class_embed.1.weight'][1:2]
    torch.testing.assert_close(state['bbox_head.cls_branches.1.weight'], person)
    if num_queries == 50:
        torch.testing.assert_close(
            state['query_embedding.weight'], weights['query_embed.weight']
        )
    weights['transformer.level_embed'] = torch.zeros(4, 64)
    torch.save(dict(model=weights), path)
    with pytest.raises(ValueError, match=r'other shapes .*level_embed.*\(4, 64\)'):
        TOOL.convert_detector(model, str(path))


def test_a_detector_of_mmdet_starts_a_tracker(
    build: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool writes the detector alone: the track decoder starts from its decoder."""
    source = build('trackformer').estimator.detector.model.state_dict()
    for name in source:
        if name.startswith('bbox_head.cls_branches.'):
            source[name] = torch.cat([source[name], source[name] + 1])  # two classes
    path, out = tmp_path / 'mmdet.pth', tmp_path / 'start.safetensors'
    torch.save(dict(state_dict=source, meta={}), path)
    config = 'projects/query_trackers/configs/transtrack_tiny_synsmot'
    argv = ['x', config, str(path), str(out), '--detector']
    monkeypatch.setattr('sys.argv', argv)
    TOOL.main()
    weights = load_checkpoint(out)['state_dict']
    assert {name.split('.')[1] for name in weights} == {'detector'}
    model = build('transtrack')
    model.load_state_dict(weights, strict=False)
    for name in ('decoder.layers.1.cross_attn.value_proj.weight', 'level_embed'):
        torch.testing.assert_close(
            model.estimator.detector.model.state_dict()[name], source[name]
        )
    torch.testing.assert_close(
        model.estimator.track_decoder.state_dict()['layers.0.norms.1.weight'],
        source['decoder.layers.0.norms.1.weight'],
    )
    rows = model.estimator.detector.model.bbox_head.cls_branches[1].weight
    torch.testing.assert_close(rows, source['bbox_head.cls_branches.1.weight'][:1])


def test_a_trackformer_of_two_frames_is_refused() -> None:
    with pytest.raises(ValueError, match='two frames at a time'):
        estimator_weights({'transformer.level_embed': torch.zeros(8, 288)})


def test_a_trackformer_that_merges_frames_is_refused() -> None:
    with pytest.raises(ValueError, match='merge_frame_features'):
        estimator_weights({'merge_features.0.weight': torch.zeros(64, 128, 1, 1)})
