from __future__ import annotations

import pytest
import torch

from mmsmot.models.trajectory import PartPooling
from mmsmot.structures.feature_maps import FeatureMaps


def maps(level: torch.Tensor) -> FeatureMaps:
    height, width = level.shape[-2:]
    ones = torch.ones(len(level), 2, dtype=torch.float64)
    sizes = torch.tensor([[width * 8, height * 8]] * len(level), dtype=torch.float64)
    pictures, samples = torch.zeros(len(level), 3, 64, 64), [None] * len(level)
    return FeatureMaps((level,), (8,), ones, sizes, pictures, samples)


def test_stripes_are_the_means_of_the_middle() -> None:
    level = torch.zeros(1, 3, 8, 8)
    level[0, 0] = torch.arange(8.0)[:, None]  # from head to foot
    level[0, 1, :, 4:6] = 1  # seen in the middle of a box from 2 to 10
    level[0, 2, :, :2] = 100  # on the ground beside it
    embed = PartPooling(groups=(1, 2), stripes=4)
    box = torch.tensor([[8.0, 0, 72, 64]], dtype=torch.float64)
    found = embed(maps(level), torch.zeros(1, dtype=torch.int64), box)
    rows = torch.tensor([0.5, 2.5, 4.5, 6.5])
    torch.testing.assert_close(found[0, :4], rows / rows.norm(), rtol=0.03, atol=0.02)
    colours = found[0, 4:].reshape(4, 2)
    assert colours[:, 1].abs().max() == 0
    torch.testing.assert_close(colours[:, 0], torch.full((4,), 0.5))
    torch.testing.assert_close(found.square().sum(), torch.tensor(2.0))


def test_nobody_and_other_channels() -> None:
    level = torch.rand(2, 3, 8, 8)
    embed = PartPooling(groups=(1, 2))
    nobody = torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4, dtype=torch.float64)
    assert embed(maps(level), *nobody).shape == (0, 12)
    with pytest.raises(ValueError, match='are 5 channels, the feature maps have 3'):
        PartPooling(groups=(2, 3))(maps(level), *nobody)
