"""Data loaders that would fail once the model is built are refused with the config."""

from __future__ import annotations

import pytest

from mmsmot.engine import load_config
from mmsmot.engine.loader_check import require_loaders


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_dataloader.batch_size': 0}, 'batch_size must be a whole number of 1'),
        (
            {'train_dataloader.num_workers': -1},
            'num_workers must be a whole number of 0',
        ),
        ({'test_dataloader.batch_size': -3}, 'test_dataloader: batch_size must be'),
        ({'train_dataloader.batch_size': 1.5}, 'batch_size must be .* got 1.5'),
        ({'train_cfg.max_epochs': 0}, 'train_cfg: max_epochs must be'),
        (
            {'train_dataloader.num_workers': 0},
            'persistent_workers=True needs workers.*train_dataloader.persistent_workers=F',
        ),
    ],
)
def test_numbers_that_no_loader_takes(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_config('smoter/smoter_tiny_synsmot', options)


def test_what_fits_is_let_through() -> None:
    require_loaders({'train_dataloader': dict(batch_size=1, num_workers=0)})
    require_loaders({'train_dataloader': None, 'train_cfg': dict(max_iters=5)})
    options = {
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
    }
    config = load_config('smoter/smoter_tiny_synsmot', options)
    assert config.train_dataloader.num_workers == 0
