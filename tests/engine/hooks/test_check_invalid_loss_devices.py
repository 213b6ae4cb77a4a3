"""What is logged beside the losses may lie on another device than they do."""

from __future__ import annotations

import pytest
import torch

from mmsmot.engine.hooks import CheckInvalidLossHook
from mmsmot.engine.hooks import check_invalid_loss as stop_at_nan


class Reached(Exception):
    """As far as numbers are not needed, which ``meta`` has none of."""


def test_a_number_of_the_cpu_beside_losses_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reduced(broken: torch.Tensor) -> None:
        raise Reached(broken.device.type)

    monkeypatch.setattr(stop_at_nan, 'all_reduce', reduced)
    losses = dict(loss=torch.zeros((), device='meta'), matched=torch.tensor(0.5))
    with pytest.raises(Reached, match='meta'):
        CheckInvalidLossHook().after_train_iter(None, 0, outputs=losses)
