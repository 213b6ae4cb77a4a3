"""A flow network as the motion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from projects.single_shot_smot.network_flow import NetworkFlowMotion
from projects.single_shot_smot.single_shot_tracker import SingleShotTracker
from projects.single_shot_smot.tests.grid_detector import GridDetector

SHIFT = (4, 0)


class BlockMatching(nn.Module):
    """The shift of each cell of 8 x 8 pixels that matches best, up to 8 pixels."""

    def forward(self, previous: torch.Tensor, current: torch.Tensor) -> torch.Tensor:
        steps = torch.arange(-8, 9)
        shifts = torch.cartesian_prod(steps, steps)  # dy, dx
        padded = F.pad(current, (8, 8, 8, 8), mode='replicate')
        height, width = previous.shape[2:]
        errors = [
            F.avg_pool2d(
                (
                    padded[:, :, 8 + dy : 8 + dy + height, 8 + dx : 8 + dx + width]
                    - previous
                )
                .abs()
                .mean(1, keepdim=True),
                8,
            )
            for dy, dx in shifts.tolist()
        ]
        best = torch.cat(errors, dim=1).argmin(dim=1)
        cells = shifts[best].flip(-1).permute(0, 3, 1, 2).float()
        return cells / 8  # in pixels of the smaller map


def moving(shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (60, 100, 3), np.uint8), (5, 5), 0)
    return image, np.roll(image, shift[::-1], axis=(0, 1))


def test_boxes_follow_the_flow_of_a_network() -> None:
    motion = NetworkFlowMotion(network=BlockMatching(), side=100)
    previous, current = (motion.prepare(image) for image in moving(SHIFT))
    boxes = np.array([[20.0, 10, 60, 50], [30, 8, 44, 40]])
    moved = motion.move(boxes, previous, current, (100, 60))
    np.testing.assert_allclose(moved - boxes, [[4, 0, 4, 0]] * 2, atol=0.6)


def test_the_last_of_several_flows_and_shifts_of_larger_frames() -> None:
    class TwoFlows(nn.Module):
        def forward(self, previous, current):
            flow = torch.ones(1, 2, *previous.shape[2:])
            return [flow * 9, flow * torch.tensor([2.0, -1]).reshape(1, 2, 1, 1)]

    motion = NetworkFlowMotion(network=TwoFlows(), side=50)
    previous, current = (motion.prepare(image) for image in moving(SHIFT))
    assert previous.shape == (30, 50, 3)
    moved = motion.move(np.array([[20.0, 10, 60, 50]]), previous, current, (100, 60))
    np.testing.assert_allclose(moved, [[24, 8, 64, 48]])


def test_what_is_no_flow_is_refused() -> None:
    motion = NetworkFlowMotion(network=nn.Bilinear(8, 8, 1), side=16, divisor=8)
    motion.network.forward = lambda previous, current: previous
    image = np.zeros((16, 16, 3), np.uint8)
    with pytest.raises(ValueError, match=r'Bilinear gave \(1, 3, 16, 16\)'):
        motion.flow(image, image)


def test_the_network_is_part_of_the_model() -> None:
    """Its weights are the model's, it stays in eval mode and is not trained."""
    motion = NetworkFlowMotion(network=nn.Conv2d(3, 2, 3))
    estimator = SingleShotTracker(
        detector=GridDetector({}), anchors=dict(type='TrackingAnchors'), motion=motion
    )
    assert {*estimator.state_dict()} == {'motion.network.weight', 'motion.network.bias'}
    estimator.train().to(torch.float64)
    assert motion.network.weight.dtype == torch.float64
    assert estimator.training and not motion.network.training
    assert not any(weight.requires_grad for weight in estimator.parameters())


def test_weights_of_a_file(tmp_path) -> None:
    torch.manual_seed(0)
    trained = nn.Conv2d(3, 2, 3)
    torch.save(trained.state_dict(), tmp_path / 'flow.pth')
    network = NetworkFlowMotion(
        network=nn.Conv2d(3, 2, 3), checkpoint=str(tmp_path / 'flow.pth')
    ).network
    torch.testing.assert_close(network.weight, trained.weight)
