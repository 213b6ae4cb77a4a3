"""Tests of the classes that a detector is trained on."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from mmsmot.models.detectors.label_check import require_labels


def head(num_classes: int | None) -> nn.Module:
    part = nn.Identity()
    part.num_classes = num_classes
    return nn.Sequential(nn.Identity(), part)


def test_labels_that_the_heads_have() -> None:
    require_labels(head(3), [np.array([0, 2]), np.zeros(0, np.int64)])
    require_labels(head(3), [])
    require_labels(head(None), [np.array([9])])  # a network that does not tell


@pytest.mark.parametrize('label', [3, -1])
def test_labels_that_no_head_has(label: int) -> None:
    with pytest.raises(ValueError, match=f'label {label}, .*num_classes=3.*0 to 2'):
        require_labels(head(3), [np.array([0, label])])
