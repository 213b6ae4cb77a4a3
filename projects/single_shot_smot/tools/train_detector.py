"""Train a detector of mmdet on still images: COCO's people, WIDER FACE's faces.

    python projects/single_shot_smot/tools/train_detector.py \
        projects/single_shot_smot/configs/detectors/ssd-r34_coco-person.py

The configs are mmdet's: their data lie in ``data/coco`` and ``data/WIDERFace``. What is
trained goes into ``detector`` of an estimator by ``--weights``.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from mmsmot.utils.command_line import CFG_OPTIONS, CfgOptions, run_tool, tool_imports

with tool_imports():
    from mmengine.config import Config
    from mmengine.runner import Runner

    from mmsmot.models.detectors.anchor_predictions import complete_ssd_heads
    from mmsmot.utils.folder_lock import folder_locks
    from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='a config of mmdet')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--resume', action='store_true', help='go on from the newest checkpoint'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    import_mmdet()
    importlib.import_module('mmdet.engine')  # its hooks and loops
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options)
    config.work_dir = args.work_dir or str(Path('work_dirs') / Path(args.config).stem)
    config.resume = args.resume
    with folder_locks(config.work_dir), mmdet_scope():
        runner = Runner.from_cfg(config)
        complete_ssd_heads(runner.model)
        runner.train()
    print(f'logs and checkpoints: {config.work_dir}')


if __name__ == '__main__':
    run_tool(main, 'checkpoints are kept, --resume goes on')
