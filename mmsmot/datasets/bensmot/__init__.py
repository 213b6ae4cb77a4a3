"""BenSMOT on disk: its layout, its quirks, and what is mended on reading."""

from typing import Any

__all__ = ['BenSMOTDataset']


def __getattr__(name: str) -> Any:
    # MMEngine's datasets import torch, which reading a sequence does not need.
    if name == 'BenSMOTDataset':
        from .dataset import BenSMOTDataset

        return BenSMOTDataset
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
