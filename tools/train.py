"""Train a config."""

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
    parser.add_argument('--data-root', help="the training dataset's folder")
    parser.add_argument('--weights', help='weights the detector starts from')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from the newest checkpoint in the work-dir, or from the one named',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument('--seed', type=int, help='seed of everything random')
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
    set_weights(config, args.weights)
    if 'train_dataloader' not in config:
        raise SystemExit(
            f'{args.config} has nothing to train: it has no train_dataloader, '
            'optim_wrapper and train_cfg. Its parts come trained; use tools/test.py.'
        )
    if args.data_root:
        config.train_dataloader.dataset.data_root = args.data_root
    config.launcher = args.launcher
    config.work_dir = args.work_dir or str(Path('work_dirs') / Path(args.config).stem)
    if args.amp:
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.seed is not None:
        config.randomness = dict(seed=args.seed)
    config.resume = args.resume is not None
    if args.resume not in (None, 'auto'):
        config.load_from = args.resume
    Runner.from_cfg(config).train()


if __name__ == '__main__':
    main()
