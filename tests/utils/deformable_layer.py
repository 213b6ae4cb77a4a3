"""One training step of mmcv's deformable layer, with offsets that reach out of the map."""

from __future__ import annotations

import torch


def training_step() -> dict[str, list]:
    """The layer's weights by name, and sums of its output and of all gradients."""
    from mmcv.ops import ModulatedDeformConv2dPack

    layer = ModulatedDeformConv2dPack(8, 4, 3, padding=1, deform_groups=2)
    generator = torch.Generator().manual_seed(0)
    for weight in layer.parameters():
        torch.nn.init.normal_(weight, generator=generator)
    x = torch.randn(2, 8, 6, 7, generator=generator).requires_grad_()
    output = layer(x)
    output.square().mean().backward()
    gradients = [part.grad for part in (x, *layer.parameters())]
    sums = [part.detach().double().abs().sum().item() for part in (output, *gradients)]
    return dict(names=list(layer.state_dict()), sums=sums)
