"""Names of the released SMOTer's detector and of ours, weight by weight.

The release (Nathan-Li123/SMOTer) has them from GTR and CenterNet2: DLA-34, BiFPN, the
proposal head and the fully connected head of the tracks' features. GTR's CrowdHuman
detector, which it starts from, has the first three and the heads of a second stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

DETECTOR = 'estimator.detector.model.'  # where ours stands in a pipeline
TRACK_HEAD = 'semantics.roi.project.'
CHANNELS = 160  # of BiFPN
DLA_CHANNELS = (16, 32, 64, 128, 256, 512)
DLA_DEPTHS = (1, 2, 2, 1)  # of the trees at level2 to level5
CELLS = 49  # of the 7 x 7 pooling
BOTTOM_UP = 'backbone.bottom_up.'
HEAD = 'proposal_generator.centernet_head.'
LAST_CONV = HEAD + 'bbox_tower.9.'
PLAIN_LAST_CONV = (LAST_CONV + 'weight', LAST_CONV + 'bias')
# What belongs to a detector's checkpoint; other names are those of fusion and texts.
PREFIXES = ('backbone.', 'proposal_generator.', 'asso_head.', 'pixel_')
SECOND_STAGE = ('roi_heads.box_', 'roi_heads.mask_')
COUNTER = (
    'num_batches_tracked'  # of batch norms; checkpoints before PyTorch 0.4 lack it
)
# Nodes of a BiFPN layer in the release's order, and ours.
NODES = (
    *('down.3', 'down.2', 'down.1', 'down.0'),
    *('up.0', 'up.1', 'up.2', 'up.3'),
)
NODE_INPUTS = (2, 2, 2, 2, 3, 3, 3, 2)
NODE_MAPS = {1: 2, 2: 1, 3: 0, 4: 1, 5: 2}  # node: the backbone's map that it reads


@dataclass(frozen=True)
class ReleasedKey:
    """Where a released weight stands in our pipeline.

    Attributes:
        name: In a pipeline's ``state_dict``.
        shape: Of the released weight; ours has the same.
        by_cell: Its second axis is channel by cell of the pooling, ours cell by channel.
    """

    name: str
    shape: tuple[int, ...]
    by_cell: bool = False

    def to_ours(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight as our part wants it."""
        return _reordered(weight, -1, CELLS) if self.by_cell else weight

    def to_released(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight as the release's part wants it."""
        return _reordered(weight, CELLS, -1) if self.by_cell else weight


def detector_keys() -> dict[str, ReleasedKey]:
    """All weights of the released detector by their released names."""
    pairs = (*_backbone_keys(), *_neck_keys(), *_head_keys(), *_track_head_keys())
    return dict(pairs)


def is_detector_key(name: str) -> bool:
    """Whether a released weight is the detector's, of either stage."""
    return name.startswith((*PREFIXES, *SECOND_STAGE))


def to_ours(
    weights: Mapping[str, torch.Tensor], source: str = 'the checkpoint'
) -> dict[str, torch.Tensor]:
    """The detector's weights by our names.

    A plain last convolution of the tower becomes a deformable one that computes the same:
    without offsets, and twice the weight, since its mask is then 1/2 everywhere.

    Args:
        weights: Of the release, of GTR's detector, or of DLA-34 alone. What is no weight
            of the detector's first stage is ignored; see :func:`unused`.
        source: Where they come from, for the message.

    Raises:
        ValueError: One is missing, or has another shape: it is another detector.
    """
    weights = _completed(_with_prefixes(weights))
    keys = {k: v for k, v in detector_keys().items() if _is_wanted(k, weights)}
    missing = [name for name in keys if name not in weights]
    shapes = [
        f'{name} {tuple(weights[name].shape)} instead of {key.shape}'
        for name, key in keys.items()
        if name in weights and tuple(weights[name].shape) != key.shape
    ]
    if missing or shapes or not keys:
        parts = 'DLA-34, BiFPN of 160 channels and the proposal head'
        raise ValueError(
            f'{source}: no detector of the release ({parts}): {len(missing)} weights missing '
            f'{missing[:3]}, {len(shapes)} of another shape {shapes[:3]}'
        )
    return {key.name: key.to_ours(weights[name]) for name, key in keys.items()}


def unused(weights: Mapping[str, torch.Tensor]) -> dict[str, str]:
    """The detector's weights that have no place here, and why.

    Args:
        weights: As of :func:`to_ours`.
    """
    names = {*detector_keys(), *PLAIN_LAST_CONV}
    reasons = {}
    for name in weights:
        full_name = _with_prefix(name)
        if is_detector_key(full_name) and full_name not in names:
            reasons[name] = _reason(full_name)
    return reasons


def to_released(
    weights: Mapping[str, torch.Tensor], source: str = 'the checkpoint'
) -> dict[str, torch.Tensor]:
    """The detector's weights of a pipeline of ours by their released names.

    Args:
        weights: Ours, by the names in the pipeline.
        source: Where they come from, for the message.

    Raises:
        ValueError: One is missing, or has another shape.
    """
    keys = detector_keys()
    if not any(name.startswith(TRACK_HEAD) for name in weights):
        keys = {k: v for k, v in keys.items() if not k.startswith('asso_head.')}
    wrong = [
        key.name
        for key in keys.values()
        if key.name not in weights or tuple(weights[key.name].shape) != key.shape
    ]
    if wrong:
        raise ValueError(
            f'{source}: no detector of smoter_released_bensmot: {len(wrong)} weights are missing or '
            f'have another shape {wrong[:3]}'
        )
    return {name: key.to_released(weights[key.name]) for name, key in keys.items()}


def _with_prefixes(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {_with_prefix(name): weight for name, weight in weights.items()}


def _with_prefix(name: str) -> str:
    """A name of DLA alone, as its authors' ImageNet weights have it, or any other."""
    is_dla = name.startswith(('base_layer.', 'level', 'fc.'))
    return BOTTOM_UP + name if is_dla else name


def _completed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """With the offsets of a last convolution that has none, and missing counters."""
    weights = dict(weights)
    for name in detector_keys():
        norm = name.removesuffix(COUNTER)
        if norm != name and f'{norm}running_var' in weights:
            weights.setdefault(name, torch.zeros((), dtype=torch.int64))
    if all(name in weights for name in PLAIN_LAST_CONV):
        kernel, bias = (weights.pop(name) for name in PLAIN_LAST_CONV)
        weights[f'{LAST_CONV}conv.weight'] = 2 * kernel
        weights[f'{LAST_CONV}conv.bias'] = bias
        weights[f'{LAST_CONV}offset.weight'] = torch.zeros(27, CHANNELS, 3, 3)
        weights[f'{LAST_CONV}offset.bias'] = torch.zeros(27)
    return weights


def _is_wanted(name: str, weights: Mapping[str, torch.Tensor]) -> bool:
    """A detector has no tracks' features, DLA alone has nothing else."""
    if name.startswith('asso_head.'):
        return any(key.startswith('asso_head.') for key in weights)
    is_dla_alone = all(key.startswith(BOTTOM_UP) for key in weights)
    return name.startswith(BOTTOM_UP) or not is_dla_alone


def _reason(name: str) -> str:
    if name.startswith(SECOND_STAGE):
        return 'of the second stage, which the release does not have'
    if '.project.' in name and name.startswith(BOTTOM_UP):
        return 'its output is not read: the inner tree projects the same input again'
    if name.startswith(f'{BOTTOM_UP}fc.'):
        return "ImageNet's classifier"
    if name.startswith('pixel_'):
        return "in the config's data_preprocessor"
    return 'unknown'


def _reordered(weight: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    return weight.unflatten(1, (rows, columns)).transpose(1, 2).flatten(1).contiguous()


Pair = tuple[str, ReleasedKey]


def _pair(released: str, ours: str, *shape: int, by_cell: bool = False) -> Pair:
    return released, ReleasedKey(ours, shape, by_cell)


def _norm_keys(released: str, ours: str, channels: int, batch: bool) -> Iterator[Pair]:
    names = ['weight', 'bias', *(['running_mean', 'running_var'] if batch else [])]
    for name in names:
        yield _pair(f'{released}.{name}', f'{ours}.{name}', channels)
    if batch:
        yield _pair(f'{released}.{COUNTER}', f'{ours}.{COUNTER}')


def _backbone_keys() -> Iterator[Pair]:
    ours, widths = f'{DETECTOR}backbone.', DLA_CHANNELS
    stem = (('base_layer', 'stem', 3, widths[0], 7),)
    stages = (
        (f'level{i}', f'stages.{i}', widths[max(i - 1, 0)], widths[i], 3)
        for i in (0, 1)
    )
    for released, name, in_channels, channels, kernel in (*stem, *stages):
        yield from _conv_norm_keys(
            (f'{BOTTOM_UP}{released}.0', f'{BOTTOM_UP}{released}.1'),
            f'{ours}{name}',
            (channels, in_channels, kernel, kernel),
        )
    for i, depth in enumerate(DLA_DEPTHS, start=2):
        extra_channels = widths[i - 1] if i > 2 else 0  # level2's root has no input
        yield from _tree_keys(
            f'{BOTTOM_UP}level{i}.',
            f'{ours}stages.{i}.',
            depth,
            (widths[i - 1], widths[i], extra_channels),
        )


def _tree_keys(
    released: str, ours: str, depth: int, channels: tuple[int, int, int]
) -> Iterator[Pair]:
    """A tree: channels of its input, of its output, and of what its root also takes."""
    in_channels, out_channels, extra_channels = channels
    if depth > 1:
        for tree, name, tree_channels in (
            ('tree1', 'first', (in_channels, out_channels, 0)),
            ('tree2', 'second', (*[out_channels] * 2, extra_channels + out_channels)),
        ):
            yield from _tree_keys(
                f'{released}{tree}.', f'{ours}{name}.', depth - 1, tree_channels
            )
        return
    for tree, block, width in (
        ('tree1', 'first', in_channels),
        ('tree2', 'second', out_channels),
    ):
        for number, conv, conv_channels in (
            (1, 'first', width),
            (2, 'second', out_channels),
        ):
            yield from _conv_norm_keys(
                (f'{released}{tree}.conv{number}', f'{released}{tree}.bn{number}'),
                f'{ours}{block}.{conv}',
                (out_channels, conv_channels, 3, 3),
            )
    if in_channels != out_channels:
        yield from _conv_norm_keys(
            (f'{released}project.0', f'{released}project.1'),
            f'{ours}first.project',
            (out_channels, in_channels, 1, 1),
        )
    yield from _conv_norm_keys(
        (f'{released}root.conv', f'{released}root.bn'),
        f'{ours}node',
        (out_channels, 2 * out_channels + extra_channels, 1, 1),
    )


def _conv_norm_keys(
    released: tuple[str, str], ours: str, shape: tuple[int, ...], batch: bool = True
) -> Iterator[Pair]:
    """A convolution without bias and its norm, which are ``0`` and ``1`` of ours."""
    conv, norm = released
    yield _pair(f'{conv}.weight', f'{ours}.0.weight', *shape)
    yield from _norm_keys(norm, f'{ours}.1', shape[0], batch)


def _neck_keys() -> Iterator[Pair]:
    neck = f'{DETECTOR}neck.'
    yield from _conv_norm_keys(
        ('backbone.resample.3.conv.conv', 'backbone.resample.3.conv.bn'),
        f'{neck}extra',
        (CHANNELS, DLA_CHANNELS[-1], 1, 1),
        batch=False,
    )
    for layer in range(3):
        for node, name in enumerate(NODES):
            released = f'backbone.cell.{layer}.fnode.{node}.'
            ours = f'{neck}layers.{layer}.{name}.'
            weights = f'{released}combine.edge_weights'
            yield _pair(weights, f'{ours}weights', NODE_INPUTS[node])
            if layer == 0 and node in NODE_MAPS:
                level = NODE_MAPS[node]
                conv = f'{released}combine.resample.{level}.conv'
                yield from _conv_norm_keys(
                    (f'{conv}.conv', f'{conv}.bn'),
                    f'{ours}lateral',
                    (CHANNELS, DLA_CHANNELS[3 + level], 1, 1),
                    batch=False,
                )
            conv = f'{released}after_combine.conv'
            yield from _conv_norm_keys(
                (f'{conv}.conv', f'{conv}.bn'),
                f'{ours}conv',
                (CHANNELS, CHANNELS, 3, 3),
                batch=False,
            )


def _head_keys() -> Iterator[Pair]:
    head = f'{DETECTOR}bbox_head.'
    convs = [
        (f'{HEAD}bbox_tower.{3 * i}', f'tower.{i}.conv', CHANNELS) for i in range(3)
    ]
    convs += [
        (f'{LAST_CONV}conv', 'tower.3.conv', CHANNELS),
        (f'{LAST_CONV}offset', 'tower.3.conv.conv_offset', 27),
        (f'{HEAD}agn_hm', 'heatmap', 1),
        (f'{HEAD}bbox_pred', 'distances', 4),
    ]
    for released, ours, channels in convs:
        shape = channels, CHANNELS, 3, 3
        yield _pair(f'{released}.weight', f'{head}{ours}.weight', *shape)
        yield _pair(f'{released}.bias', f'{head}{ours}.bias', channels)
    for i in range(4):
        released = f'{HEAD}bbox_tower.{3 * i + 1}'
        yield from _norm_keys(released, f'{head}tower.{i}.gn', CHANNELS, batch=False)
    for i in range(5):
        yield _pair(f'{HEAD}scales.{i}.scale', f'{head}scales.{i}', 1)


def _track_head_keys() -> Iterator[Pair]:
    """7 x 7 x 160 to 1024 to 1024: the four tokens of a box."""
    cells = 'asso_head.fc1.weight', f'{TRACK_HEAD}1.weight', 1024, CELLS * CHANNELS
    yield _pair(*cells, by_cell=True)
    yield _pair('asso_head.fc1.bias', f'{TRACK_HEAD}1.bias', 1024)
    yield _pair('asso_head.fc2.weight', f'{TRACK_HEAD}3.weight', 1024, 1024)
    yield _pair('asso_head.fc2.bias', f'{TRACK_HEAD}3.bias', 1024)
