"""A data loader's workers end with the training that started them."""

from __future__ import annotations

import threading

import torch
from mmengine.dataset import pseudo_collate

from mmsmot.engine import SMOTRunner


class Threads(torch.utils.data.Dataset):
    """A sample is the names of its process's threads."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> str:
        return ' '.join(thread.name for thread in threading.enumerate())


def test_workers_watch_their_parent() -> None:
    for num_workers in (2, 0):
        loader = SMOTRunner.build_dataloader(
            dict(
                dataset=Threads(),
                batch_size=1,
                num_workers=num_workers,
                sampler=dict(type='DefaultSampler'),
                collate_fn=pseudo_collate,
            ),
            seed=1,
        )
        names = [name for batch in loader for name in batch]
        assert [('parent watch' in each) for each in names] == [num_workers > 0] * 2
