"""Compute the features that iKUN's matching is trained on, once for all epochs."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    count_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.mmdet_bridge import import_mmdet
    from mmsmot.utils.progress_bar import progress_bar
    from projects.referring_mot.datasets.referring_dataset import referring_videos
    from projects.referring_mot.datasets.window_cache import write_window_cache


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--data-root', help="of the dataset, in place of the config's")
    parser.add_argument('--split', default='train', help='of the dataset')
    parser.add_argument('--limit', type=count_arg, help='at most so many videos')
    parser.add_argument('--out', required=True, help='folder of the cache')
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    import_mmdet()
    config = load_config(args.config, args.cfg_options)
    dataset = referring_videos(
        config.test_dataloader.dataset, args.split, args.data_root
    )
    if args.limit is not None and args.limit < len(dataset):
        # Spread over all of them: the first by name are those of the first activities.
        positions = np.linspace(0, len(dataset) - 1, args.limit).round().astype(int)
        dataset.get_subset_(positions.tolist())
    model = MODELS.build(config.model).eval()
    out = Path(args.out)
    with folder_lock(out), progress_bar() as bar:
        task = bar.add_task('windows', total=len(dataset))
        write_window_cache(
            model, dataset, out, model.estimator.stride, lambda: bar.advance(task)
        )
    print(f'{out}: {len(dataset)} videos')


if __name__ == '__main__':
    run_tool(main)
