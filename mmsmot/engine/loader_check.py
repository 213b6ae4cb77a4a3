"""Numbers of data loaders and loops, refused before the model is built."""

from __future__ import annotations

from typing import Any

from ..utils.number_ranges import COUNT, NON_NEGATIVE, NON_NEGATIVE_INT, require_numbers

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
RANGES = {
    'batch_size': COUNT,
    'num_workers': NON_NEGATIVE_INT,
    'prefetch_factor': COUNT.or_none,
    'num_batch_per_epoch': COUNT.or_none,
    'timeout': NON_NEGATIVE,
}
_OFF = {'persistent_workers': 'False', 'prefetch_factor': 'None'}
LENGTHS = ('max_epochs', 'max_iters', 'val_interval')


def require_loaders(config: dict[str, Any]) -> None:
    """Refuse data loaders and loops that torch or MMEngine would stumble over later.

    Args:
        config: A whole config.

    Raises:
        ValueError: Names the key, what it may be and what it is.
    """
    for key in LOADERS:
        loader = config.get(key)
        if isinstance(loader, dict):
            _require_loader(key, loader)
    loop = config.get('train_cfg')
    if isinstance(loop, dict):
        lengths = {name: loop[name] for name in LENGTHS if name in loop}
        require_numbers('train_cfg', COUNT, **lengths)


def _require_loader(key: str, loader: dict[str, Any]) -> None:
    for name, allowed in RANGES.items():
        if name in loader:
            require_numbers(key, allowed, **{name: loader[name]})
    for name in _OFF:
        if loader.get(name) and not loader.get('num_workers', 0):
            raise ValueError(
                f'{key}: {name}={loader[name]} needs workers, but num_workers is 0; raise '
                f'that, or set {key}.{name}={_OFF[name]}'
            )
