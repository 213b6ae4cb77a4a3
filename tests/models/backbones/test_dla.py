"""DLA-34: sizes, weights, and how it is built into mmdet's detectors."""

from __future__ import annotations

import pytest
import torch

from mmsmot.models.backbones import DLA
from mmsmot.models.backbones.dla import DLATree
from mmsmot.registry import MODELS
from mmsmot.utils.mmdet_bridge import import_mmdet

GN = dict(type='GN', num_groups=8)


def test_stages_have_the_papers_strides_and_channels() -> None:
    levels = DLA(out_indices=range(6))(torch.zeros(1, 3, 64, 96))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (16, 64, 96),
        (32, 32, 48),
        (64, 16, 24),
        (128, 8, 12),
        (256, 4, 6),
        (512, 2, 3),
    ]
    three = DLA()(torch.zeros(1, 3, 64, 96))
    assert [level.shape[1] for level in three] == [128, 256, 512]


def test_as_many_weights_as_published() -> None:
    """Table 1 of the paper: 15.7 M with the classifier of 1000 classes."""
    backbone = sum(p.numel() for p in DLA().parameters())
    assert backbone == 15_229_104
    assert backbone + 512 * 1000 + 1000 == 15_742_104


def test_sides_that_the_stride_does_not_divide() -> None:
    levels = DLA(norm_cfg=GN)(torch.zeros(2, 3, 75, 101))
    assert [tuple(level.shape[2:]) for level in levels] == [(10, 13), (5, 7), (3, 4)]


def test_a_tree_aggregates_both_blocks_and_its_input() -> None:
    """Equations 2 and 3: what each node's 1x1 convolution takes."""
    tree = DLATree(2, 8, 16, GN, stride=2, with_input=True)
    assert tree.first.node[0].in_channels == 16 + 16
    assert tree.second.node[0].in_channels == 16 + 16 + 8 + 16
    x = torch.randn(1, 8, 8, 8)
    with torch.no_grad():
        first = tree.first(x)
        one = tree.second.first(first)
        two = tree.second.second(one)
        shrunk = torch.nn.functional.max_pool2d(x, 2)
        node = tree.second.node(torch.cat([two, one, shrunk, first], dim=1))
        torch.testing.assert_close(tree(x), node.relu())


def test_gradients_reach_the_first_convolution() -> None:
    torch.manual_seed(0)
    model = DLA(base_channels=8, norm_cfg=GN)
    for level in range(3):
        model.zero_grad()
        model(torch.randn(1, 3, 64, 64))[level].square().sum().backward()
        assert model.stem[0].weight.grad.abs().max() > 0


def test_checkpointing_gives_the_same_gradients() -> None:
    torch.manual_seed(0)
    plain = DLA(base_channels=8, norm_cfg=GN)
    cheap = DLA(base_channels=8, norm_cfg=GN, with_cp=True)
    cheap.load_state_dict(plain.state_dict())
    pictures = torch.randn(2, 3, 64, 64)
    for model in (plain, cheap):
        sum(level.square().mean() for level in model(pictures)).backward()
    for one, two in zip(plain.parameters(), cheap.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad)
    with pytest.raises(ValueError, match='needs a norm without batch statistics'):
        DLA(with_cp=True)


def test_batch_norms_that_keep_their_statistics() -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 64, 64)
    model = DLA(base_channels=8, norm_eval=True)
    statistics = [norm.clone() for norm in model.buffers()]
    assert model.train() is model
    levels = model(images)
    for before, after in zip(statistics, model.buffers(), strict=True):
        assert torch.equal(before, after)
    for one, two in zip(levels, model.eval()(images), strict=True):
        torch.testing.assert_close(one, two)
    learning = DLA(base_channels=8).train()
    learning(images)
    assert learning.stem[1].running_mean.abs().sum() > 0
    DLA(with_cp=True, norm_eval=True)  # no batch is counted twice


def test_stages_that_there_are_not() -> None:
    with pytest.raises(ValueError, match=r'stages 0 to 5, got out_indices=\(6,\)'):
        DLA(out_indices=(6,))


def test_mmdet_finds_it_by_its_scope() -> None:
    pytest.importorskip('mmdet', reason='needs mmdet')
    mmdet = import_mmdet()
    part = mmdet.registry.MODELS.build(dict(type='mmsmot.DLA', norm_cfg=GN))
    assert type(part) is DLA
    neck = mmdet.registry.MODELS.build(dict(type='mmsmot.BiFPN', in_channels=[8, 16]))
    assert type(neck) is MODELS.get('BiFPN')
