"""Run a config over its test dataset and print the scores."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import DictAction
from mmengine.runner import Runner

from mmsmot.engine import load_config, set_weights
from mmsmot.utils.checkpoint import make_mmengine_safe
from mmsmot.utils.environment import check_environment


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file or name')
    parser.add_argument('checkpoint', nargs='?', help='weights of the whole model')
    parser.add_argument('--data-root', help="the test dataset's folder")
    parser.add_argument('--weights', help="the detector's weights")
    parser.add_argument('--reid-weights', help="the ReID part's weights")
    parser.add_argument('--work-dir', help='folder of logs, tracks and scores')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_environment()
    make_mmengine_safe()
    config = load_config(args.config, args.cfg_options)
    set_weights(config, args.weights, args.reid_weights)
    if 'test_dataloader' not in config:
        raise SystemExit(
            f'{args.config} has no test_dataloader: it is for tools/infer.py. '
            'Take a config with a dataset, such as two_stage/sort_public-detections.'
        )
    if args.data_root:
        config.test_dataloader.dataset.data_root = args.data_root
    config.launcher = args.launcher
    config.work_dir = args.work_dir or str(Path('work_dirs') / Path(args.config).stem)
    if config.test_evaluator.get('out_dir', '') is None:
        config.test_evaluator.out_dir = str(Path(config.work_dir) / 'results')
    config.load_from = args.checkpoint
    Runner.from_cfg(config).test()


if __name__ == '__main__':
    main()
