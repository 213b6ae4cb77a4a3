"""Train a config."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmengine.config import Config

    from mmsmot.engine import (
        SMOTRunner,
        drop_init_cfg,
        leave_process_group,
        load_config,
        set_config_weights,
    )
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.device import default_device
    from mmsmot.utils.environment import check_environment
    from mmsmot.utils.folder_lock import folder_locks
    from mmsmot.utils.full_disk import explain_full_disk
    from mmsmot.utils.launcher import add_launcher_options, launched_rank
    from mmsmot.utils.mmengine_loaders import make_mmengine_safe
    from mmsmot.utils.training_checkpoints import (
        newest_checkpoint,
        remove_unfinished_checkpoints,
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--data-root', help="the training dataset's folder, and val's")
    parser.add_argument('--weights', help='weights the detector starts from')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from the newest checkpoint in the work-dir, or from the one named',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (GPU)')
    parser.add_argument('--seed', type=seed_arg, help='seed of everything random')
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    add_launcher_options(parser, 'tools/dist_train.sh')
    return parser.parse_args()


def set_data_root(config: Config, data_root: str) -> None:
    """The folder of the training and validation dataset, also inside a RepeatDataset."""
    for loader in ('train_dataloader', 'val_dataloader'):
        if config.get(loader) is not None:
            dataset = config[loader].dataset
            while 'dataset' in dataset:
                dataset = dataset.dataset
            dataset.data_root = data_root


def main() -> None:
    args = parse_args()
    check_environment()
    make_mmengine_safe()
    config = load_config(args.config, args.cfg_options)
    set_config_weights(config, weights_path(args.weights))
    if 'train_dataloader' not in config:
        raise SystemExit(
            f'{args.config} has nothing to train: it has no train_dataloader, '
            'optim_wrapper and train_cfg. Its parts come trained; use tools/test.py.'
        )
    if args.data_root:
        set_data_root(config, args.data_root)
    config.launcher = args.launcher or config.get('launcher', 'none')
    default_dir = str(Path('work_dirs') / Path(args.config).stem)
    config.work_dir = args.work_dir or config.get('work_dir') or default_dir
    if args.amp:
        if default_device() == 'cpu':
            raise SystemExit('--amp needs a GPU; without one, leave it out')
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.seed is not None:
        config.randomness = {**config.get('randomness', {}), 'seed': args.seed}
    rank = launched_rank(config.launcher)
    with folder_locks(config.work_dir, rank=rank), explain_full_disk(config.work_dir):
        if rank == 0:
            remove_unfinished_checkpoints(config.work_dir)
        train_config(config, args)
    if rank == 0:
        print(f'logs and checkpoints: {config.work_dir}')
    leave_process_group()


def train_config(config: Config, args: argparse.Namespace) -> None:
    """Train in a work-dir that is ours alone."""
    if args.resume:
        resume_from(config, args.resume)
    if args.weights and config.load_from and not config.resume:
        raise SystemExit(
            f'training starts from {config.load_from}, which would go over --weights; '
            'leave --weights out, or add --cfg-options load_from=None'
        )
    SMOTRunner.from_cfg(config).train()


def resume_from(config: Config, checkpoint: str) -> None:
    """Go on from a checkpoint, or with ``'auto'`` from the newest in the work-dir."""
    if checkpoint == 'auto':
        checkpoint = newest_checkpoint(config.work_dir)
    if checkpoint is None:
        print(f'{config.work_dir} has no checkpoint to go on from; starting anew')
        return
    config.resume, config.load_from = True, checkpoint
    drop_init_cfg(config.model)


if __name__ == '__main__':
    run_tool(main, 'checkpoints are kept, --resume goes on')
