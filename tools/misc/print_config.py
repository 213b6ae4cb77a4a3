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
    from mmsmot.engine import load_config
    from mmsmot.engine.config_check import config_without_templates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    args = parser.parse_args()
    config = load_config(args.config, args.cfg_options)
    print(config_without_templates(config).pretty_text)


if __name__ == '__main__':
    run_tool(main)
