"""Names and paths of a video's results in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..structures.legacy_result import LEGACY_RESULT
from ..structures.sample_json import FORMAT

if TYPE_CHECKING:
    from ..structures import Prompt, SMOTDataSample, VideoInfo

RESULT = 'result.json'  # of tools/infer.py, beside tracks.txt


def result_name(sample: SMOTDataSample | Mapping[str, Any]) -> str:
    """What results and scores of a (video, prompt) are kept under, files included.

    ``<video>`` where every object is asked for, else ``<video>/<prompt.key>``.

    Raises:
        KeyError: The sample has no ``video``.
    """
    video: VideoInfo | None = sample.get('video')
    prompt: Prompt | None = sample.get('prompt')
    if video is None:
        raise KeyError('the sample has no video')
    return video.name if prompt is None else f'{video.name}/{prompt.key}'


def require_unique_names(names: Iterable[str]) -> None:
    """Refuse results of several videos under one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f'{len(repeated)} names stand for several videos each: '
            f'{", ".join(repeated[:5])}. Scores are kept by name: give each video its own.'
        )


def has_infer_result_name(content: Any) -> bool:
    """Whether a JSON file's content is a whole result of ``tools/infer.py``.

    A test's dump, which may lie under the same name, has no ``key``.
    """
    if not isinstance(content, dict) or not isinstance(content.get('key'), dict):
        return False
    return content.get('format') in (LEGACY_RESULT, FORMAT)


def result_path(folder: Path, name: str, suffix: str) -> Path:
    """Where a video's results go: ``folder / (name + suffix)``.

    Names come from folders and from keys of JSON files; those with slashes make folders
    inside ``folder``.

    Raises:
        ValueError: The name leads out of ``folder``.
    """
    parts = PurePosixPath(name.replace('\\', '/')).parts
    if not parts or '..' in parts or Path(name).is_absolute():
        raise ValueError(
            f'video {name!r}: its results would be written outside of {folder}. '
            'Rename the video: a name is no path that is absolute or holds "..".'
        )
    return folder / f'{name}{suffix}'
