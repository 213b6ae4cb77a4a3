"""Join the SSD's weights and SMOTer's into one file for single-shot_smoter-tiny_synsmot.

    python projects/single_shot_smot/tools/join_weights.py single-shot_tiny_synsmot \
        smoter_tiny_synsmot joined.safetensors

SMOTer's detector becomes the feature extractor, and its fusion and heads stay.
"""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.engine import drop_init_cfg, load_config
    from mmsmot.registry import MODELS
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.checkpoint import load_weights, save_weights
    from projects.single_shot_smot.trained_model import DETECTOR_KEYS, project_config

CONFIG = 'single-shot_smoter-tiny_synsmot'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('ssd', help="the SSD's weights, a file or a bundled model")
    parser.add_argument('smoter', help="the tiny SMOTer's, a file or a bundled model")
    parser.add_argument('out', help='a .safetensors file')
    parser.add_argument('--config', default=CONFIG)
    args = parser.parse_args()
    config = load_config(project_config(args.config))
    drop_init_cfg(config.model)
    model = MODELS.build(config.model)
    ssd, smoter = weights_path(args.ssd), weights_path(args.smoter)
    load_weights(model.estimator.detector, ssd, within=DETECTOR_KEYS)
    load_weights(model.estimator.feature_extractor, smoter, within=DETECTOR_KEYS)
    load_weights(model.semantics, smoter, within='semantics.')
    save_weights(model, args.out, half=True)
    print(f'weights of {args.config}: {args.out}')


if __name__ == '__main__':
    run_tool(main)
