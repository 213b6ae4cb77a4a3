"""RoI pooling against mmcv's operator, and against a map whose integral is known."""

from __future__ import annotations

import pytest
import torch

from mmsmot.models.trajectory import RoITokens
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.mmdet_bridge import has_compiled_ops
from mmsmot.utils.roi_align import roi_align


def features(level: torch.Tensor, stride: int = 8, scale: float = 1.0) -> FeatureMaps:
    batch, _, height, width = level.shape
    size = torch.tensor([[width * stride / scale, height * stride / scale]]).double()
    return FeatureMaps(
        levels=(level,),
        strides=(stride,),
        scales=torch.full((batch, 2), scale, dtype=torch.float64),
        sizes=size.repeat(batch, 1),
        inputs=torch.zeros(batch, 3, 1, 1),
        samples=[None] * batch,
    )


@pytest.mark.skipif(not has_compiled_ops(), reason='mmcv has no compiled operators')
@pytest.mark.parametrize(('grid', 'samples'), [(2, 4), (7, 2), (1, 1), (7, 0), (1, 0)])
def test_equals_the_compiled_operator(grid: int, samples: int) -> None:
    from mmcv.ops import roi_align as compiled

    torch.manual_seed(0)
    level = torch.randn(3, 8, 24, 40, requires_grad=True)
    boxes = torch.rand(60, 4) * 40 - 8  # some reach out of the map, some are outside
    boxes[:, 2:] = boxes[:, :2] + torch.rand(60, 2) * 12 + 0.1
    rows = torch.randint(0, 3, (60,))
    ours = roi_align(level, rows, boxes, grid, samples)
    rois = torch.cat([rows[:, None].float(), boxes], dim=1)
    theirs = compiled(level, rois, (grid, grid), 1.0, samples, 'avg', True)
    theirs = theirs.flatten(2).transpose(1, 2)
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-5)
    weight = torch.randn_like(ours)
    own = torch.autograd.grad((ours * weight).sum(), level)[0]
    other = torch.autograd.grad((theirs * weight).sum(), level)[0]
    torch.testing.assert_close(own, other, atol=2e-5, rtol=1e-5)


def test_mean_of_a_ramp() -> None:
    """On a plane the mean over a cell is the value at its middle, exactly."""
    x, y = torch.meshgrid(torch.arange(20.0), torch.arange(12.0), indexing='xy')
    level = torch.stack([x + 0.5, y + 0.5])[None]
    part = RoITokens(in_channels=2, channels=2)
    box = torch.tensor([[16.0, 24.0, 48.0, 88.0]])  # cells 2..6 and 3..11
    out = part(features(level), torch.tensor([0]), box)
    expected = [[[3.0, 5.0], [5.0, 5.0], [3.0, 9.0], [5.0, 9.0]]]
    torch.testing.assert_close(out, torch.tensor(expected))


def test_boxes_are_in_pixels_of_the_original_frame() -> None:
    torch.manual_seed(0)
    level = torch.randn(1, 4, 12, 20)
    part = RoITokens(in_channels=4, channels=4)
    box = torch.tensor([[16.0, 24.0, 48.0, 88.0]])
    here = part(features(level), torch.tensor([0]), box)
    # The network saw the image at half its size.
    there = part(features(level, scale=0.5), torch.tensor([0]), 2 * box)
    torch.testing.assert_close(here, there)


def test_no_box_gives_no_token_and_a_way_back() -> None:
    level = torch.randn(1, 4, 12, 20, requires_grad=True)
    none = torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4)
    out = RoITokens(in_channels=4, channels=6)(features(level), *none)
    assert out.shape == (0, 4, 6)
    out.sum().backward()
    assert level.grad.abs().sum() == 0


def test_released_variant_has_four_tokens() -> None:
    level = torch.randn(2, 160, 12, 20)
    part = RoITokens(in_channels=160, channels=256, grid=7, samples=2, hidden=1024)
    rows, boxes = torch.tensor([0, 1, 1]), torch.tensor([[0.0, 0, 30, 60]] * 3)
    assert part(features(level), rows, boxes).shape == (3, 4, 256)
    assert part.tokens == 4
    assert part.project[1].in_features == 7840  # 7 * 7 * 160


def test_normed_tokens_do_not_drown_what_is_added_to_them() -> None:
    torch.manual_seed(0)
    level = 50 * torch.randn(2, 8, 12, 20)
    part = RoITokens(
        in_channels=8, channels=16, grid=7, samples=1, hidden=32, norm=True
    )
    boxes = torch.tensor([[8.0, 8.0, 64.0, 80.0], [40.0, 16.0, 90.0, 90.0]]).double()
    tokens = part(features(level), torch.tensor([0, 1]), boxes)
    assert tokens.shape == (2, 4, 16)
    torch.testing.assert_close(tokens.mean(-1), torch.zeros(2, 4), atol=1e-5, rtol=0)
    spread = tokens.std(-1, unbiased=False)
    torch.testing.assert_close(spread, torch.ones(2, 4), atol=1e-3, rtol=0)


def test_quarters_beside_the_layers() -> None:
    """With the layers silenced the tokens are the paper's four cells, projected."""
    torch.manual_seed(0)
    level = torch.randn(1, 8, 12, 20)
    options = dict(in_channels=8, channels=16, samples=1, hidden=32, cells=True)
    part = RoITokens(grid=4, **options)
    for layer in (part.project[1], part.project[3]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    rows, boxes = torch.tensor([0]), torch.tensor([[8.0, 8.0, 120.0, 80.0]]).double()
    # Two points a side of a quarter, one in each of the grid's cells.
    paper = roi_align(level, rows, boxes / 8, grid=2, samples=2)
    torch.testing.assert_close(part(features(level), rows, boxes), part.cells(paper))


def test_options_that_only_go_with_hidden() -> None:
    for option in ('norm', 'cells'):
        with pytest.raises(ValueError, match='norm and cells go with hidden'):
            RoITokens(in_channels=8, channels=8, **{option: True})
