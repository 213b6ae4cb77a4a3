"""Models whose weights come with the package."""

from __future__ import annotations

import glob
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
    is_file = Path(config).is_file() or Path(f'{config}.py').is_file()
    folder = Path(config).resolve().parent if is_file else Path(config).parent
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

    Raises:
        ValueError: Two projects have weights of that name.
    """
    if not name or Path(name).is_file() or name != Path(name).stem:
        return name
    bundled = WEIGHTS_DIR / f'{name}.safetensors'
    if bundled.is_file():
        return str(bundled)
    for folder in PROJECT_DIRS:
        files = sorted(folder.glob(f'*/weights/{glob.escape(name)}.safetensors'))
        if len(files) > 1:
            raise ValueError(
                f'weights {name!r} are those of several projects: name one of the files '
                f'{", ".join(map(str, files))}'
            )
        if files:
            return str(files[0])
    return name
