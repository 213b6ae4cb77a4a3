"""All that belongs to one video of a query tracker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mmsmot.structures import Prompt

from .previous_levels import SizedLevels
from .queries import Queries


@dataclass(eq=False)
class PromptTracks:
    """The tracks of one prompt, or of all objects where none is read.

    Attributes:
        prompt: What they answer; ``None`` without a text hook.
        lifecycle: State of the lifecycle.
        queries: Track queries of the next frame; ``None`` before the first.
        text: What the text hook made of the prompt.
    """

    prompt: Prompt | None
    lifecycle: Any
    queries: Queries | None = None
    text: Any = None


@dataclass(eq=False)
class QueryState:
    """All that belongs to one video.

    Attributes:
        needs: What the pipeline asks for beside tracks.
        prompt_tracks: The tracks of each prompt.
        levels: Feature maps of the last frame, where the next one needs them.
    """

    needs: frozenset[str]
    prompt_tracks: list[PromptTracks] = field(default_factory=list)
    levels: SizedLevels | None = None
