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
