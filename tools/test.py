"""Run a config over its test dataset and print the scores."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmengine.config import Config
    from mmengine.logging import print_log

    from mmsmot.apis.random_weights_check import random_weight_warnings
    from mmsmot.engine import (
        SMOTRunner,
        drop_init_cfg,
        leave_process_group,
        load_config,
        set_config_weights,
    )
    from mmsmot.registry import METRICS
    from mmsmot.utils.arguments import argument_names
    from mmsmot.utils.bundled_weights import bundled_weights, weights_path
    from mmsmot.utils.environment import check_environment
    from mmsmot.utils.folder_lock import folder_locks
    from mmsmot.utils.full_disk import explain_full_disk
    from mmsmot.utils.launcher import add_launcher_options, launched_rank
    from mmsmot.utils.mmengine_loaders import make_mmengine_safe
    from mmsmot.utils.model_wrapper import unwrapped_model


NO_CHECKPOINT = 'none'  # `mim test` wants to be given one for each config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='weights of the whole model, or the name of a model whose weights come with '
        f'the package; {NO_CHECKPOINT!r} is as if it were left out',
    )
    parser.add_argument('--data-root', help="the test dataset's folder")
    parser.add_argument(
        '--weights', help="the detector's weights, alone or in a whole model's"
    )
    parser.add_argument('--reid-weights', help="the ReID part's weights")
    parser.add_argument('--work-dir', help='folder of logs, tracks and scores')
    parser.add_argument(
        '--detection-cache',
        metavar='DIR',
        help='keep detections in this folder, and take those that are there: tests of '
        'several trackers detect once',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    add_launcher_options(parser, 'tools/dist_test.sh')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_environment()
    make_mmengine_safe()
    config = load_config(args.config, args.cfg_options)
    set_config_weights(config, weights_path(args.weights), args.reid_weights)
    if 'test_dataloader' not in config:
        raise SystemExit(
            f'{args.config} has no test_dataloader: it is for tools/infer.py. '
            'Take a config with a dataset, such as two_stage/sort_public-detections.'
        )
    if args.data_root:
        config.test_dataloader.dataset.data_root = args.data_root
    config.launcher = args.launcher or config.get('launcher', 'none')
    default_dir = str(Path('work_dirs') / Path(args.config).stem)
    config.work_dir = args.work_dir or config.get('work_dir') or default_dir
    folders = set_out_dirs(config)
    rank = launched_rank(config.launcher)
    with folder_locks(*folders, rank=rank), explain_full_disk(config.work_dir):
        test_config(config, args)
    if rank == 0:
        for folder in folders:
            print(f'tracks and scores: {folder}')
    leave_process_group()


def test_config(config: Config, args: argparse.Namespace) -> None:
    """Score a config in folders of results that are ours alone."""
    config.load_from = checkpoint_of(args, config)
    if config.load_from:
        drop_init_cfg(config.model)
    config.resume = False  # else MMEngine takes the work-dir's newest checkpoint
    runner = SMOTRunner.from_cfg(config)
    if config.load_from is None:
        for text in random_weight_warnings(unwrapped_model(runner.model)):
            print_log(text, logger='current', level=logging.WARNING)
    runner.test(args.detection_cache)


def checkpoint_of(args: argparse.Namespace, config: Config) -> str | None:
    """What is tested. A config's ``load_from`` is not: training starts there."""
    checkpoint = None if args.checkpoint == NO_CHECKPOINT else args.checkpoint
    checkpoint = weights_path(checkpoint)
    if checkpoint := checkpoint or args.cfg_options.get('load_from'):
        return checkpoint
    shipped = bundled_weights(args.config)
    if shipped is None or args.weights:
        if start := config.get('load_from'):
            print(
                f'training starts from {start}; to test it, name it as the checkpoint'
            )
        return None
    print(f'weights that come with the package: {shipped}')
    return str(shipped)


def set_out_dirs(config: Config) -> list[str]:
    """Let metrics that leave it open write into the work-dir; the folders of all."""
    metrics = config.test_evaluator
    metrics = metrics if isinstance(metrics, list | tuple) else [metrics]
    parts = [m.type if callable(m.type) else METRICS.get(m.type) for m in metrics]
    writing = [
        (metric, metric.get('prefix') or part.__name__)
        for metric, part in zip(metrics, parts, strict=True)
        if 'out_dir' in argument_names(part)
    ]
    for metric, name in writing:
        if metric.get('out_dir') is None:
            folder = Path(config.work_dir) / 'results'
            metric.out_dir = str(folder if len(writing) == 1 else folder / name)
    return [str(metric.out_dir) for metric, _ in writing]


if __name__ == '__main__':
    run_tool(main)
