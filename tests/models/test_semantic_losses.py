from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from mmsmot.models import semantic_losses
from mmsmot.registry import MODELS
from tests.models.test_semantics import semantics


def test_two_processes_divide_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One has a positive, the other none: their mean is that of one process."""
    part = MODELS.build(semantics())
    features = SimpleNamespace(levels=(torch.zeros(1),))
    total = torch.tensor(3.0)
    alone = semantic_losses._mean(total, 1, features, part)
    monkeypatch.setattr(semantic_losses, 'get_world_size', lambda: 2)
    monkeypatch.setattr(semantic_losses, 'all_reduce', lambda count: count.fill_(1.0))
    shared = [
        semantic_losses._mean(total, 1, features, part),
        semantic_losses._mean(None, 0, features, part),
    ]
    torch.testing.assert_close(sum(shared) / 2, alone)
