"""Make weights of a config from a released checkpoint of its paper.

MOTR, MOTRv2, TransTrack or TrackFormer; every weight of the config must be in it.
"""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import CONFIG, run_tool, tool_imports

with tool_imports():
    import torch

    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.utils.checkpoint import (
        load_checkpoint,
        refuse_nan_weights,
        save_weights,
    )
    from projects.query_trackers.released_keys import estimator_weights

# Only there for learning: a tracker works without it.
OPTIONAL = ('denoising.', 'project_features.', 'proposal_detector.')
# MOTRv2 has queries of its own in place of the detector's.
OF_OTHER_QUERIES = ('detector.model.query_embedding.', 'detector.model.reference_')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('checkpoint', help='what the released code saved')
    parser.add_argument('out', help='a .safetensors file')
    parser.add_argument(
        '--class-row',
        type=int,
        default=0,
        help="the class to keep of the released classifier; TransTrack's person is 1",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if not args.out.endswith('.safetensors'):
        raise SystemExit(f'{args.out}: weights are written as .safetensors')
    model = MODELS.build(load_config(args.config).model)
    convert(model, args.checkpoint, class_row=args.class_row)
    save_weights(model, args.out)
    print(f'wrote {args.out}')


def convert(model: torch.nn.Module, checkpoint: str, *, class_row: int = 0) -> None:
    """Load a released checkpoint into a pipeline.

    Raises:
        ValueError: A name or shape does not fit, or a weight is missing.
    """
    # Beside the weights stand the arguments of the training, which are data.
    with torch.serialization.safe_globals([argparse.Namespace]):
        loaded = load_checkpoint(checkpoint)
    released = loaded.get('model', loaded)
    refuse_nan_weights(released, checkpoint)
    estimator = model.estimator
    num_levels = estimator.detector.model.num_feature_levels
    weights = estimator_weights(released, class_row=class_row, num_levels=num_levels)
    own_weights = estimator.state_dict()
    optional = OPTIONAL
    if 'query_init.content.weight' in weights:
        optional += OF_OTHER_QUERIES
    missing = [
        name
        for name in own_weights
        if name not in weights
        and not name.startswith(optional)
        and not name.endswith('num_batches_tracked')
    ]
    shapes = {
        name: (tuple(weight.shape), tuple(own_weights[name].shape))
        for name, weight in weights.items()
        if name in own_weights and weight.shape != own_weights[name].shape
    }
    surplus = sorted(weights.keys() - own_weights.keys())
    for problem, names in (
        ('lacks', missing),
        ('has other shapes (its own, then those of the config) of', shapes),
        ('has what the config has not:', surplus),
    ):
        if names:
            text = str(dict([*names.items()][:3]) if names is shapes else names[:3])
            raise ValueError(f'{checkpoint} {problem} {len(names)} weights, {text}')
    estimator.load_state_dict(weights, strict=False)


if __name__ == '__main__':
    run_tool(main)
