"""The model inside of MMEngine's wrapper for several processes."""

from __future__ import annotations

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped_model(model: nn.Module) -> Any:
    """A runner's model without its wrapper; as it is where it has none."""
    return model.module if is_model_wrapper(model) else model
