"""Box motion by a learnt optical flow: PWC-Net in the paper, any flow network here."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import TASK_UTILS, build_part
from mmsmot.utils.checkpoint import load_weights
from mmsmot.utils.number_ranges import COUNT, require_numbers

from .box_motion import FlowMotion


@TASK_UTILS.register_module()
class NetworkFlowMotion(FlowMotion, nn.Module):
    """The flow of a network, called with two images.

    ::

        previous, current (1, 3, h, w), RGB from 0 to 1 -> network -> (1, 2, h', w')

    A network that gives a list of ever better flows (RAFT) is taken by its last. A
    smaller flow is enlarged to the image, and its shifts with it. The network stays in
    eval mode, without gradient. It is a module of the model: its weights are in the
    model's checkpoints and fingerprint, and on its device.

    Args:
        network: A module registered in ``MODELS``, or a module.
        checkpoint: Its weights; ``None`` for those it has.
        side: The longer side of the images, pixels; the paper's is 1024.
        divisor: Images are padded to multiples of it: most networks want 8, PWC-Net 64.

    Raises:
        ValueError: What the network gives is no flow; names its shape.
    """

    def __init__(
        self,
        *,
        network: dict | nn.Module,
        checkpoint: str | None = None,
        side: int = 1024,
        divisor: int = 8,
    ) -> None:
        nn.Module.__init__(self)
        FlowMotion.__init__(self, side=side)
        require_numbers('NetworkFlowMotion', COUNT, divisor=divisor)
        self.divisor = divisor
        self.network = build_part(network).eval().requires_grad_(False)
        if checkpoint is not None:
            load_weights(self.network, checkpoint)

    def train(self, mode: bool = True) -> NetworkFlowMotion:
        """Stay in eval mode, whatever the model is set to."""
        return super().train(False)

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB, scaled down to the side."""
        return cv2.cvtColor(self.scaled_down(image), cv2.COLOR_BGR2RGB)

    @torch.no_grad()
    def flow(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        height, width = previous.shape[:2]
        flows = self.network(self._input(previous), self._input(current))
        if isinstance(flows, list | tuple):
            flows = flows[-1]
        if flows.dim() != 4 or flows.shape[:2] != (1, 2):
            raise ValueError(
                f'NetworkFlowMotion: {type(self.network).__name__} gave '
                f'{tuple(flows.shape)}, where a flow is (1, 2, h, w)'
            )
        rows = height + -height % self.divisor
        columns = width + -width % self.divisor
        gain = flows.new_tensor([columns / flows.shape[3], rows / flows.shape[2]])
        if flows.shape[2:] != (rows, columns):
            flows = F.interpolate(
                flows, (rows, columns), mode='bilinear', align_corners=False
            )
        flow = flows[0].permute(1, 2, 0) * gain
        return flow[:height, :width].float().cpu().numpy()

    def _input(self, image: np.ndarray) -> torch.Tensor:
        """(1, 3, h, w) from 0 to 1, padded on the right and below."""
        tensor = torch.from_numpy(image).float()
        weight = next(self.network.parameters(), None)
        if weight is not None:
            tensor = tensor.to(weight)  # its device and type
        tensor = tensor.permute(2, 0, 1)[None] / 255
        height, width = image.shape[:2]
        padding = (0, -width % self.divisor, 0, -height % self.divisor)
        return F.pad(tensor, padding, mode='replicate')
