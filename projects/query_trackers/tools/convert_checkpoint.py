"""Make weights of a config from a released checkpoint.

Of its paper (MOTR, MOTRv2, TransTrack or TrackFormer): every weight of the config must be
in it. With --detector of a Deformable DETR of COCO with box refinement, its authors' or
mmdet's, which is what a training starts from (load_from of the r50 configs).
"""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import CONFIG, run_tool, tool_imports

with tool_imports():
    import torch
    from torch import nn

    from mmsmot.engine import drop_init_cfg, load_config
    from mmsmot.registry import MODELS
    from mmsmot.utils.checkpoint import (
        load_checkpoint,
        refuse_nan_weights,
        save_weights,
    )
    from projects.query_trackers.released_keys import estimator_weights, mmdet_weights

# Only there for learning: a tracker works without it.
OPTIONAL = ('denoising.', 'project_features.', 'proposal_detector.')
# MOTRv2 has queries of its own in place of the detector's.
OF_OTHER_QUERIES = ('detector.model.query_embedding.', 'detector.model.reference_')

QUERIES = 'model.query_embedding.weight'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('checkpoint', help='what the released code saved')
    parser.add_argument('out', help='a .safetensors file')
    parser.add_argument(
        '--class-row',
        type=int,
        default=0,
        help='the class to keep of the released classifier: the person is 1 in TransTrack '
        'and in the DETR of its authors, 0 in the others and in mmdet',
    )
    parser.add_argument(
        '--detector',
        action='store_true',
        help='the checkpoint is a detector, and what is written has the detector alone',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if not args.out.endswith('.safetensors'):
        raise SystemExit(f'{args.out}: weights are written as .safetensors')
    config = load_config(args.config).model
    drop_init_cfg(config)
    model = MODELS.build(config)
    if args.detector:
        missing = convert_detector(model, args.checkpoint, class_row=args.class_row)
        detector = nn.ModuleDict({'detector': model.estimator.detector})
        save_weights(nn.ModuleDict({'estimator': detector}), args.out)
        if missing:
            print(f'as initialised, since the numbers of queries differ: {missing}')
    else:
        convert(model, args.checkpoint, class_row=args.class_row)
        save_weights(model, args.out)
    print(f'wrote {args.out}')


def convert(model: nn.Module, checkpoint: str, *, class_row: int = 0) -> None:
    """Load a released checkpoint into a pipeline.

    Raises:
        ValueError: A name or shape does not fit, or a weight is missing.
    """
    estimator = model.estimator
    num_levels = estimator.detector.model.num_feature_levels
    weights = estimator_weights(
        _released_weights(checkpoint), class_row=class_row, num_levels=num_levels
    )
    optional = OPTIONAL
    if 'query_init.content.weight' in weights:
        optional += OF_OTHER_QUERIES
    _load_all(estimator, weights, checkpoint, optional)


def convert_detector(
    model: nn.Module, checkpoint: str, *, class_row: int = 0
) -> list[str]:
    """Load a Deformable DETR into a pipeline's detector.

    Returns:
        Names of the weights that stay as they are: of queries, where their number differs.

    Raises:
        ValueError: A name or shape does not fit, or another weight is missing.
    """
    detector = model.estimator.detector
    released = _released_weights(checkpoint)
    if any(name.startswith('bbox_head.') for name in released):
        weights = mmdet_weights(released, class_row=class_row)
    else:
        num_levels = detector.model.num_feature_levels
        weights = {
            name.removeprefix('detector.'): weight
            for name, weight in estimator_weights(
                released, class_row=class_row, num_levels=num_levels
            ).items()
        }
    queries = weights.get(QUERIES)
    if queries is not None and len(queries) != len(detector.state_dict()[QUERIES]):
        weights.pop(QUERIES)
        _load_all(detector, weights, checkpoint, (QUERIES,))
        return [QUERIES]
    _load_all(detector, weights, checkpoint)
    return []


def _released_weights(checkpoint: str) -> dict[str, torch.Tensor]:
    # Beside the weights stand the arguments of the training, which are data.
    with torch.serialization.safe_globals([argparse.Namespace]):
        loaded = load_checkpoint(checkpoint)
    released = loaded.get('model', loaded.get('state_dict', loaded))
    refuse_nan_weights(released, checkpoint)
    return released


def _load_all(
    part: nn.Module,
    weights: dict[str, torch.Tensor],
    checkpoint: str,
    optional: tuple[str, ...] = (),
) -> None:
    """Load weights that must be all of a part's but those whose names begin so."""
    expected = part.state_dict()
    missing = [
        name
        for name in expected
        if name not in weights
        and not name.startswith(optional)
        and not name.endswith('num_batches_tracked')
    ]
    shapes = {
        name: (tuple(weight.shape), tuple(expected[name].shape))
        for name, weight in weights.items()
        if name in expected and weight.shape != expected[name].shape
    }
    surplus = sorted(weights.keys() - expected.keys())
    for problem, names in (
        ('lacks', missing),
        ('has other shapes (its own, then those of the config) of', shapes),
        ('has what the config has not:', surplus),
    ):
        if names:
            text = str(dict([*names.items()][:3]) if names is shapes else names[:3])
            raise ValueError(f'{checkpoint} {problem} {len(names)} weights, {text}')
    part.load_state_dict(weights, strict=False)


if __name__ == '__main__':
    run_tool(main)
