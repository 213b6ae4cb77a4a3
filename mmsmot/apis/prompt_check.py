"""Whether prompts have an effect on a model."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.smot import SMOT, unread_prompt_message
from ..structures import Prompt


def prompt_warnings(model: SMOT, prompts: Sequence[Prompt]) -> list[str]:
    """A warning where prompts are given to a model that does not read them.

    Args:
        model: The pipeline; its estimator says with ``reads_prompt`` whether it does.
        prompts: Empty for every object.
    """
    if not prompts or model.estimator.reads_prompt:
        return []
    return [unread_prompt_message(type(model.estimator).__name__)]
