"""A closer look at each box: what is cut out, and where it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mmsmot.models.trajectory import CropTokens, RoITokens
from tests.models.trajectory.test_part_pooling import maps


def seen() -> tuple[CropTokens, list[torch.Tensor]]:
    """A crop without a margin, and what its first layer is shown."""
    torch.manual_seed(0)
    crop = CropTokens(channels=16, size=(8, 4), widths=(8, 8), margin=0.0)
    shown = []
    crop.layers[0].register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    return crop, shown


def test_a_box_is_brought_to_one_size_whatever_the_scale() -> None:
    crop, shown = seen()
    picture = torch.arange(64.0)[:, None].expand(64, 64)  # brighter from head to foot
    features = maps(torch.zeros(1, 2, 8, 8))
    features = replace(features, inputs=picture.expand(1, 3, 64, 64))
    rows = torch.zeros(2, dtype=torch.int64)
    boxes = torch.tensor([[8.0, 0, 24, 64], [40, 16, 48, 32]], dtype=torch.float64)
    assert crop(features, rows, boxes).shape == (2, 2, 16)
    expected = torch.stack([torch.arange(8) * 8 + 3.5, 16 + torch.arange(8) * 2 + 0.5])
    torch.testing.assert_close(shown[0], expected[:, None, :, None].expand(2, 3, 8, 4))
    half = replace(features, scales=features.scales / 2)  # frames twice the images
    crop(half, rows, boxes * 2)
    torch.testing.assert_close(shown[1], shown[0])


def test_the_margin_shows_what_is_beyond_each_side() -> None:
    torch.manual_seed(0)
    crop, shown = seen()
    crop.margin = 0.5
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 24:40, 24:40] = 1
    features = replace(maps(torch.zeros(1, 2, 8, 8)), inputs=picture)
    box = torch.tensor([[24.0, 24, 40, 40]], dtype=torch.float64)
    crop(features, torch.zeros(1, dtype=torch.int64), box)
    assert shown[0][0, 0].tolist() == [[0] * 4] * 2 + [[0, 1, 1, 0]] * 4 + [[0] * 4] * 2


def test_a_crop_stands_beside_what_the_features_show_and_learns() -> None:
    options = dict(in_channels=2, channels=16, hidden=8)
    torch.manual_seed(0)
    plain = RoITokens(**options)
    torch.manual_seed(0)
    crop = dict(type='CropTokens', channels=16, widths=(8,), tokens=3)
    looking = RoITokens(**options, crop=crop)
    assert (plain.tokens, looking.tokens) == (4, 7)
    features = maps(torch.rand(2, 2, 8, 8))
    features = replace(features, inputs=torch.rand(2, 3, 64, 64))
    rows = torch.tensor([0, 1, 1])
    boxes = torch.tensor([[0.0, 0, 30, 60], [5, 5, 20, 40], [1, 2, 9, 9]]).double()
    tokens = looking(features, rows, boxes)
    assert tokens.shape == (3, 7, 16)
    torch.testing.assert_close(tokens[:, :4], plain(features, rows, boxes))
    torch.testing.assert_close(tokens[:, 4:], looking.crop(features, rows, boxes))
    (gradient,) = torch.autograd.grad(
        tokens.square().sum(), looking.crop.layers[0].weight
    )
    assert gradient.abs().max() > 0


def test_without_input_images() -> None:
    features = maps(torch.zeros(1, 2, 8, 8))
    features = replace(features, inputs=torch.zeros(1, 0))
    with pytest.raises(ValueError, match='come without their input images'):
        CropTokens(channels=16)(
            features, torch.zeros(1, dtype=torch.int64), torch.ones(1, 4)
        )
