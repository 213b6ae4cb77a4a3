"""Two processes give the numbers of one."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from mmsmot.evaluation import SMOTMetric
from mmsmot.structures import SMOTDataSample

from .smot_samples import perfect, worked_example

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')


def videos() -> list[SMOTDataSample]:
    """Three videos: one rank has to score one more than the other."""
    return [
        perfect('park', 'A man in red walks away.', 'A woman in blue is waving.'),
        worked_example(),
        perfect('road', 'A boy runs to the left.', 'A girl jumps.', 'A dog sits.'),
    ]


def score(samples: list[SMOTDataSample], size: int) -> dict[str, float]:
    metric = SMOTMetric()
    for item in samples:
        metric.process(None, [item.to_dict()])
    return metric.evaluate(size)


def worker(rank: int, port: int, out: str) -> None:
    import torch.distributed as distributed

    shutil.which = lambda *args, **kwargs: None  # METEOR costs ten seconds a start
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    distributed.init_process_group('gloo', rank=rank, world_size=2)
    try:
        # As MMEngine's sampler: in turns, the last one twice so that all have as many.
        mine = [*videos(), videos()[0]][rank::2]
        result = score(mine, 3)
    finally:
        distributed.destroy_process_group()
    Path(out, f'{rank}.json').write_text(json.dumps(result))


def test_two_processes_equal_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch.multiprocessing as processes

    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    processes.spawn(worker, (port, str(tmp_path)), nprocs=2)
    alone = score(videos(), 3)
    for rank in (0, 1):
        assert json.loads((tmp_path / f'{rank}.json').read_text()) == alone
    assert 0 < alone['smot/strict/interaction_F1'] < 1
