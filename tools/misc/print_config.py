"""Print a config as it stands after inheritance and options."""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmengine.config import Config

    from mmsmot.engine import load_config
    from mmsmot.engine.config_check import READ_KEYS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    args = parser.parse_args()
    config = load_config(args.config, args.cfg_options)
    # The templates of its bases have been copied into their slots.
    print(Config({k: v for k, v in config.items() if k in READ_KEYS}).pretty_text)


if __name__ == '__main__':
    run_tool(main)
