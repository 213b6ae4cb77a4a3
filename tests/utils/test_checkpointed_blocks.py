"""``with_cp`` of mmdet's networks beside several processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, torch
from torch.nn.parallel import DistributedDataParallel
from mmsmot.utils.mmdet_bridge import import_mmdet
build = import_mmdet().registry.MODELS.build

store = torch.distributed.FileStore(sys.argv[1], 1)
torch.distributed.init_process_group('gloo', store=store, rank=0, world_size=1)
gradients = []
for with_cp in (False, True):
    torch.manual_seed(0)
    norm = dict(type='BN', requires_grad=False)
    network = build(dict(type='mmdet.ResNet', depth=18, base_channels=8, norm_cfg=norm,
                         norm_eval=True, with_cp=with_cp))
    network.train()
    model = DistributedDataParallel(network, find_unused_parameters=True)
    maps = model(torch.rand(1, 3, 64, 64, requires_grad=True))
    sum(x.sum() for x in maps).backward()
    gradients.append(network.layer1[0].conv1.weight.grad)
torch.testing.assert_close(*gradients)
print(float(gradients[0].abs().sum()) > 0)
"""


def test_blocks_computed_twice_beside_several_processes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT, str(tmp_path / 'store')],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == 'True'
