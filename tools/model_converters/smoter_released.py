"""A checkpoint of the released SMOTer to a file of weights of ours, or back.

Weights are read and never executed. Each of the file's names is mapped or named as left
over; one that is missing is an error. docs/released_smoter.md shows how to go on.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    import released_checkpoint as checkpoints
    import released_detector_keys as detector_keys
    import released_semantic_keys as semantic_keys
    import torch
    from torch import nn

    from mmsmot.engine import drop_init_cfg, load_config, require_config_model
    from mmsmot.registry import MODELS
    from mmsmot.utils.atomic import atomic_path
    from mmsmot.utils.checkpoint import load_weights, save_weights

Weights = dict[str, torch.Tensor]

RELEASED = 'smoter/smoter_released_bensmot'
TOKENIZER = 'model.semantics.instance_caption.decoder.tokenizer.name'
# Where a part stands in a pipeline of ours.
PLACES = {
    'model': '',
    'detector': detector_keys.DETECTOR,
    'text_decoder': semantic_keys.CAPTIONS,
}
# What a checkpoint of each stage is, and which parts are in it.
STAGES = {
    'smoter': ('the whole model of the release', tuple(PLACES)),
    'detector': ("a detector alone, as GTR's", ('detector',)),
    'grit': ("GRiT's dense captioning", ('text_decoder',)),
    'dla': ('DLA-34 alone', ()),
}
TRACK_HEAD = [n for n in detector_keys.detector_keys() if n.startswith('asso_head.')]
# Of bert-base-uncased; 'the' tells it from others of 30,522 words.
END_ID, PAD_ID, THE_ID = 102, 0, 1996


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', help="the release's, or with --reverse ours")
    parser.add_argument('out', help='a .safetensors file; with --reverse a .pth file')
    parser.add_argument(
        '--part',
        choices=tuple(PLACES),
        default='model',
        help="the whole model; its or GTR's detector, for --weights of tools/train.py; "
        "its or GRiT's text decoder, for init_cfg of the instance captions' head",
    )
    parser.add_argument(
        '--reverse', action='store_true', help='the whole model of ours to the release'
    )
    parser.add_argument('--config', default=RELEASED, help=CONFIG)
    parser.add_argument(
        '--vocabulary', help="bert-base-uncased, or a folder with that one's files"
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.reverse and args.part != 'model':
        raise ValueError('--reverse writes the whole model: leave --part out')
    require_suffix(args.out, '.pth' if args.reverse else '.safetensors')
    convert = to_release if args.reverse else from_release
    convert(args)


def require_suffix(out: str, suffix: str) -> None:
    """Refuse a name by which the file would be read as another format.

    Raises:
        ValueError: Says how the name must end.
    """
    if not out.endswith(suffix):
        raise ValueError(f'{out}: what is written is a {suffix} file, name it so')


def from_release(args: argparse.Namespace) -> None:
    """Write a part of the release's checkpoint as ours."""
    weights = checkpoints.read_released(args.checkpoint)
    stage = checkpoints.stage_of(weights, args.checkpoint)
    require_part(args.part, stage, args.checkpoint)
    if args.part == 'model':  # a detector's checkpoint may lack them
        require_names(weights, TRACK_HEAD, args.checkpoint)
    module = build(args)
    ours, used_names = {}, set()
    if args.part != 'text_decoder':
        ours |= detector_keys.to_ours(weights, args.checkpoint)
        used_names |= used_by_detector(weights)
    if args.part != 'detector':
        keys = keys_of(module, args.part, stage)
        single = without_twins(weights, args.checkpoint)
        require_names(single, keys, args.checkpoint)
        require_vocabulary(module, single, keys, args.checkpoint)
        used_names |= {
            name for name in weights if (semantic_keys.twin_of(name) or name) in keys
        }
        for name, key in keys.items():
            ours |= dict(zip(key.names, key.to_ours(single[name]), strict=True))
    place = PLACES[args.part]
    inside = {n[len(place) :]: w for n, w in ours.items() if n.startswith(place)}
    load_all(module, inside, args)
    save_weights(module, args.out)
    count = sum(weight.numel() for weight in module.parameters())
    print(f'{args.out}: {count:,} weights of the {args.part} of {args.config}')
    tell_left_over(weights, used_names)


def to_release(args: argparse.Namespace) -> None:
    """Write a whole model of ours by the release's names, as detectron2 has them."""
    model = build(args)
    load_weights(model, args.checkpoint)  # it is whole and of this config, or an error
    state = model.state_dict()
    weights = detector_keys.to_released(state, args.checkpoint)
    for name, key in keys_of(model, 'model', 'smoter').items():
        weight = key.to_released(state)
        weights |= dict.fromkeys(semantic_keys.twins(name), weight)
    with atomic_path(args.out) as path:
        torch.save({'model': weights}, path)
    print(f'{args.out}: {len(weights)} weights by their released names')


def build(args: argparse.Namespace) -> nn.Module:
    """The part of the config's pipeline that is wanted, with random weights."""
    options = dict(args.cfg_options)
    if args.vocabulary:
        options[TOKENIZER] = args.vocabulary
    config = load_config(args.config, options)
    require_config_model(config)
    drop_init_cfg(config.model)
    if args.part == 'detector':
        return MODELS.build(config.model.detector).model
    if args.part == 'text_decoder':
        return MODELS.build(config.model.semantics.instance_caption)
    return MODELS.build(config.model)


def require_part(part: str, stage: str, filename: str) -> None:
    """Refuse a checkpoint without the part that is wanted.

    Raises:
        ValueError: Says what it is, and which ``--part`` is in it.
    """
    kind, parts = STAGES[stage]
    if part in parts:
        return
    hint = (
        f'--part {parts[0]} takes what is in it' if parts else 'nothing is taken of it'
    )
    raise ValueError(f'{filename} is {kind}, without the {part}: {hint}')


def keys_of(
    module: nn.Module, part: str, stage: str
) -> dict[str, semantic_keys.SemanticKey]:
    """The released names of fusion, interactions and texts, or of the texts alone."""
    head = captions_of(module, part)
    num_layers = head.decoder.model.config.num_hidden_layers
    if part == 'model':
        return semantic_keys.semantic_keys(num_layers)
    is_grit = stage == 'grit'
    decoder = semantic_keys.GRIT_DECODER if is_grit else semantic_keys.CAPTION_DECODER
    return semantic_keys.text_decoder_keys(num_layers, decoder)


def captions_of(module: nn.Module, part: str) -> nn.Module:
    """The head of instance captions, with the text decoder."""
    head = module.semantics.instance_caption if part == 'model' else module
    if not hasattr(getattr(head, 'decoder', None), 'tokenizer'):
        raise ValueError(f'the config has no text decoder; that of {RELEASED} has one')
    return head


def without_twins(weights: Mapping[str, torch.Tensor], filename: str) -> Weights:
    """Each weight once, by the first of its names.

    Raises:
        ValueError: Names of one weight stand for different numbers.
    """
    single = dict(weights)
    for name in weights:
        twin = semantic_keys.twin_of(name)
        if twin is None:
            continue
        weight = single.pop(name)
        if not torch.equal(single.setdefault(twin, weight), weight):
            raise ValueError(
                f'{filename}: {name} and {twin} are the same weight in the release, and '
                'differ here: it is a checkpoint of another version of its code'
            )
    return single


def require_names(
    weights: Mapping[str, torch.Tensor], names: Collection[str], filename: str
) -> None:
    """Refuse a checkpoint without all of the names.

    Raises:
        ValueError: Names those that are missing.
    """
    missing = [name for name in names if name not in weights]
    if missing:
        raise ValueError(
            f'{filename}: {len(missing)} of {len(names)} weights are missing: '
            f'{", ".join(missing[:5])}'
        )


def require_vocabulary(
    module: nn.Module,
    weights: Mapping[str, torch.Tensor],
    keys: Mapping[str, semantic_keys.SemanticKey],
    filename: str,
) -> None:
    """Refuse another vocabulary than the one that the text decoder was trained with.

    Raises:
        ValueError: Says how many words each has, or that their order is another.
    """
    (words,) = (name for name in keys if name.endswith(semantic_keys.WORDS))
    part = 'model' if hasattr(module, 'semantics') else 'text_decoder'
    tokenizer = captions_of(module, part).decoder.tokenizer
    count = len(weights[words])
    name = getattr(tokenizer, 'name', 'of the config')
    hint = "it wants bert-base-uncased's, by --vocabulary"
    ids = tokenizer.eos_id, tokenizer.pad_id
    if (tokenizer.vocab_size, *ids) != (count, END_ID, PAD_ID):
        raise ValueError(
            f'the vocabulary {name} has {tokenizer.vocab_size:,} words, [SEP] {ids[0]} '
            f'and [PAD] {ids[1]}; {filename} was trained with {count:,}, {END_ID} and '
            f'{PAD_ID}: {hint}'
        )
    the_ids = tokenizer.encode(['the'], 3)[0, 1:-1].tolist()  # without begin and end
    if count > THE_ID and the_ids != [THE_ID]:
        raise ValueError(
            f"the vocabulary {name} has {count:,} words as {filename}, but others: 'the' is "
            f'{the_ids}, not [{THE_ID}]; {hint}'
        )


def used_by_detector(weights: Mapping[str, torch.Tensor]) -> set[str]:
    """Names of a checkpoint that the detector takes."""
    unused = detector_keys.unused(weights)
    return {n for n in weights if detector_keys.is_detector_key(n) and n not in unused}


def load_all(module: nn.Module, weights: Weights, args: argparse.Namespace) -> None:
    """Load weights by our names; a part that stands under two needs one of them.

    Raises:
        ValueError: Some are missing or have another shape: the config is another one.
    """
    state = module.state_dict(keep_vars=True)
    names = {id(state[name]): name for name in weights if name in state}
    complete = {}
    for name, value in state.items():
        source = name if name in weights else names.get(id(value))
        if source is not None:
            complete[name] = weights[source]
        elif name.endswith('_extra_state'):  # vocabulary and verbs are the config's
            complete[name] = value
    missing = [name for name in state if name not in complete]
    shapes = [
        f'{name} {tuple(complete[name].shape)} instead of {tuple(state[name].shape)}'
        for name in complete
        if name in weights and complete[name].shape != state[name].shape
    ]
    unknown = [name for name in weights if name not in state]
    if missing or unknown or shapes:
        raise ValueError(
            f'{args.checkpoint} does not fit {args.config}: {len(missing)} weights missing '
            f'{missing[:3]}, {len(unknown)} unknown {unknown[:3]}, {len(shapes)} of another '
            f'shape {shapes[:3]}'
        )
    module.load_state_dict(complete)


def tell_left_over(weights: Mapping[str, torch.Tensor], used_names: set[str]) -> None:
    """Print the names that have no place in ours, and why."""
    reasons = detector_keys.unused(weights)
    left_over = sorted({*weights} - used_names)
    if left_over:
        print(f'{len(left_over)} of {len(weights)} names are left over:')
    for name in left_over:
        print(f'  {name}' + (f': {reasons[name]}' if name in reasons else ''))


if __name__ == '__main__':
    run_tool(main)
