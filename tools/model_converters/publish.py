"""A training checkpoint to a file of weights alone, ready to be given away."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import CONFIG, run_tool, tool_imports

with tool_imports():
    from mmsmot.engine import drop_init_cfg, load_config, require_config_model
    from mmsmot.registry import MODELS
    from mmsmot.utils.checkpoint import load_weights, save_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('checkpoint', help='what tools/train.py wrote')
    parser.add_argument('out', help='a .safetensors file')
    parser.add_argument('--half', action='store_true', help='16 bits a weight')
    args = parser.parse_args()
    config = load_config(args.config)
    require_config_model(config)
    drop_init_cfg(config.model)
    model = MODELS.build(config.model)
    load_weights(model, args.checkpoint)  # it is whole and of this config, or an error
    save_weights(model, args.out, args.half)
    size = Path(args.out).stat().st_size / 2**20
    count = sum(weight.numel() for weight in model.parameters())
    print(f'{args.out}: {count:,} weights, {size:.1f} MiB')


if __name__ == '__main__':
    run_tool(main)
