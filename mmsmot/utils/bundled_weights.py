"""Models whose weights come with the package."""

from __future__ import annotations

from pathlib import Path

WEIGHTS_DIR = Path(__file__).parents[1] / 'weights'


def bundled_weights(config: str) -> Path | None:
    """The weights that come with the package for a config, ``None`` where none do.

    Args:
        config: Its name or path; only the file's own name counts.
    """
    path = WEIGHTS_DIR / f'{Path(config).stem}.safetensors'
    return path if path.is_file() else None


def configs_with_bundled_weights() -> list[str]:
    """Names of the configs whose weights come with the package."""
    return sorted(path.stem for path in WEIGHTS_DIR.glob('*.safetensors'))


def weights_path(name: str | None) -> str | None:
    """A weight file as an option names it: a path, or the name of a bundled model.

    >>> weights_path('work_dirs/epoch_3.pth')
    'work_dirs/epoch_3.pth'
    """
    if name in configs_with_bundled_weights() and not Path(name).exists():
        return str(WEIGHTS_DIR / f'{name}.safetensors')
    return name
