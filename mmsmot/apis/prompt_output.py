"""Where the results of each prompt go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ..structures import Prompt
from .result_cache import find_cached_result, with_prompt_key


@dataclass(frozen=True, eq=False)
class PromptOutput:
    """The folder of one prompt's results.

    Attributes:
        prompt: The target; ``None`` for every object.
        folder: The folder.
        key: See :func:`~.result_cache.result_cache_key`, with the prompt.
    """

    prompt: Prompt | None
    folder: Path
    key: dict[str, Any]


def prompt_output_folders(out_dir: Path, prompts: Sequence[Prompt]) -> list[Path]:
    """The folders of prompts: ``out_dir`` for one or none, else one for each in it."""
    if len(prompts) < 2:
        return [out_dir]
    return [out_dir / prompt.key for prompt in prompts]


def prompt_outputs(
    out_dir: Path, prompts: Sequence[Prompt], key: dict[str, Any]
) -> list[PromptOutput]:
    """The outputs of a run, one for each prompt (one where there is none)."""
    folders = prompt_output_folders(out_dir, prompts)
    return [
        PromptOutput(prompt, folder, with_prompt_key(key, prompt))
        for prompt, folder in zip(prompts or (None,), folders, strict=True)
    ]


def finished_prompt_outputs(
    outputs: Sequence[PromptOutput],
) -> dict[Path, dict[str, Any]]:
    """The JSON of what is finished already, by folder."""
    contents = {}
    for output in outputs:
        content = find_cached_result(output.folder, output.key)
        if content is not None:
            print_log(
                f'{output.folder} holds this result already; skipped', logger='current'
            )
            contents[output.folder] = content
    return contents
