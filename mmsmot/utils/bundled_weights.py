"""Models whose weights come with the package."""

from __future__ import annotations

from pathlib import Path

WEIGHTS_DIR = Path(__file__).parents[1] / 'weights'
PROJECT_DIRS = (
    Path(__file__).parents[2] / 'projects',  # a checkout
    Path(__file__).parents[1] / '.mim' / 'projects',  # an installed package
)


def bundled_weights(config: str) -> Path | None:
    """The weights that come with the package for a config, ``None`` where none do.

    Those of a project lie in ``projects/NAME/weights``, beside its ``configs``.

    Args:
        config: Its name or path; only the file's own name counts, and the project that it
            is of.
    """
    name = f'{Path(config).stem}.safetensors'
    folders = [WEIGHTS_DIR]
    folder = Path(config).parent
    if folder.name == 'configs' and folder.parent.parent.name == 'projects':
        project = folder.parent.name
        folders = [root / project / 'weights' for root in PROJECT_DIRS]
    return next((f / name for f in folders if (f / name).is_file()), None)


def configs_with_bundled_weights() -> list[str]:
    """Names of the configs whose weights come with the package."""
    return sorted(path.stem for path in WEIGHTS_DIR.glob('*.safetensors'))


def weights_path(name: str | None) -> str | None:
    """A weight file as an option names it: a path, or the name of a bundled model.

    >>> weights_path('work_dirs/epoch_3.pth')
    'work_dirs/epoch_3.pth'
    """
    if not name or Path(name).exists() or name != Path(name).stem:
        return name
    places = [
        WEIGHTS_DIR,
        *(w for d in PROJECT_DIRS for w in sorted(d.glob('*/weights'))),
    ]
    files = (place / f'{name}.safetensors' for place in places)
    return next((str(file) for file in files if file.is_file()), name)
