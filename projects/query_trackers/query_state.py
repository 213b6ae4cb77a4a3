"""All that belongs to one video of a query tracker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .previous_levels import SizedLevels
from .queries import Queries


@dataclass(eq=False)
class PromptBatch:
    """The tracks of S prompts that are decoded together; one without a text hook.

    Attributes:
        lifecycles: R states of the lifecycle: one for each prompt, whose tracks are its own,
            or a single one where the text changes no track.
        num_prompts: S.
        text: What the text hook made of the S prompts.
        queries: Track queries of the next frame, R rows; ``None`` before the first.
    """

    lifecycles: list[Any]
    num_prompts: int = 1
    text: Any = None
    queries: Queries | None = None

    @property
    def num_rows(self) -> int:
        """R."""
        return len(self.lifecycles)


@dataclass(eq=False)
class QueryState:
    """All that belongs to one video.

    Attributes:
        needs: What the pipeline asks for beside tracks.
        prompt_batches: The tracks of all prompts, in the order of these.
        levels: Feature maps of the last frame, where the next one needs them.
    """

    needs: frozenset[str]
    prompt_batches: list[PromptBatch] = field(default_factory=list)
    levels: SizedLevels | None = None
