"""What a linear probe reads of people's looks in a query tracker, place by place.

    python projects/referring_mot/tools/probe_looks.py CONFIG WEIGHTS --data-root data/SynSMOT

Softmax regression of the kind, shirt's and trousers' colour that SynSMOT's scripts tell, on
true boxes that a query has found (IoU of .5): from the decoder's embedding of that query,
and from the cells in the upper and lower half of the box, of the encoder and of the neck.
Every fourth video tests, the others train. A tracker whose embeddings say nothing of colours
has them to learn before it can refer to "men in red".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    count_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    import numpy as np
    import torch
    from torch import nn

    from mmsmot.datasets import BenSMOTDataset
    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.structures.boxes import pairwise_iou
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.checkpoint import load_weights
    from mmsmot.utils.json_file import read_json
    from mmsmot.utils.mmdet_bridge import import_mmdet
    from projects.query_trackers.queries import corners

LOOKS = ('kind', 'top_color', 'bottom_color')  # keys of a person's appearance
PLACES = ('embedding', 'encoder', 'neck')
# Of a box, as fractions of its height: where a shirt is, and where trousers are.
BANDS = ((0.2, 0.5), (0.5, 0.95))
LEAST_IOU = 0.5
STEPS, LR, DECAY = 300, 1e-2, 1e-2  # of the regression, on standardised columns


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('weights', help='of the model, or a name that comes along')
    parser.add_argument('--data-root', required=True, help='folder of a SynSMOT')
    parser.add_argument('--split', default='train')
    parser.add_argument('--videos', type=count_arg, default=200)
    parser.add_argument('--frames', type=count_arg, default=2, help='of a video')
    parser.add_argument('--seed', type=seed_arg, default=0)
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    import_mmdet()
    model = MODELS.build(load_config(args.config, args.cfg_options).model).eval()
    load_weights(model, weights_path(args.weights))
    dataset = BenSMOTDataset(
        data_root=args.data_root, split=args.split, described_only=False, test_mode=True
    )
    step = max(len(dataset) // args.videos, 1)
    generator = np.random.default_rng(args.seed)
    columns: dict[str, list] = {name: [] for name in (*LOOKS, *PLACES, 'video')}
    for number in range(0, len(dataset), step)[: args.videos]:
        for row in person_rows(
            model.estimator, dataset, number, args.frames, generator
        ):
            for name, value in (row | dict(video=number // step)).items():
                columns[name].append(value)
    table = {name: np.array(column) for name, column in columns.items()}
    print(accuracy_table(table))


@torch.no_grad()
def person_rows(
    estimator: nn.Module,
    dataset: BenSMOTDataset,
    number: int,
    num_frames: int,
    generator: np.random.Generator,
) -> Iterator[dict]:
    """Looks and vectors of each person that a query has found, in some frames of a video."""
    info = dataset.get_data_info(number)
    video, gt = info['video'], info['gt'].trajectories
    script = read_json(Path(video.video.path) / 'script.json')
    looks = {person['id']: person['appearance'] for person in script['people']}
    positions = generator.permutation(len(video))[:num_frames]
    for position in sorted(positions.tolist()):
        frame = video.frame_at(position)
        people = gt[gt.frame_ids == frame.frame_id]
        features = estimator.detector.extract([frame])
        text = estimator.text_of([None])
        memory = estimator.encode(features, text=text)
        new = estimator.new_queries(1, estimator.proposals([frame]), features.sizes)
        _, outputs = estimator.decode(memory, new, text=text)
        boxes = corners(outputs.boxes[-1, 0]).double() * features.sizes[0].repeat(2)
        iou = pairwise_iou(people.boxes, boxes.numpy())
        level = estimator.levels(features).levels[0][0]
        cells = memory.tokens[0, : level[0].numel()].T.reshape(-1, *level.shape[1:])
        size = np.array(frame.size)
        for row in np.flatnonzero(iou.max(axis=1) >= LEAST_IOU).tolist():
            box = people.boxes[row] / np.tile(size, 2)
            vectors = dict(
                embedding=outputs.hs[-1, 0, int(iou[row].argmax())].numpy(),
                encoder=band_means(cells, box),
                neck=band_means(level, box),
            )
            look = looks[int(people.ids[row])]
            yield vectors | {name: str(look[name]) for name in LOOKS}


def band_means(cells: torch.Tensor, box: np.ndarray) -> np.ndarray:
    """(2 d,) means of cells (d, H, W) in the bands of a box (4,), of fractions."""
    height, width = cells.shape[1:]
    x1, y1, x2, y2 = box * [width, height, width, height]
    left, right = np.clip([int(x1), int(x2)], 0, width - 1)
    means = []
    for fractions in BANDS:
        bounds = [int(y1 + (y2 - y1) * fraction) for fraction in fractions]
        top, bottom = np.clip(bounds, 0, height - 1)
        means.append(cells[:, top : bottom + 1, left : right + 1].mean((1, 2)).numpy())
    return np.concatenate(means)


def accuracy_table(table: dict[str, np.ndarray]) -> str:
    """A line for each look: the share of people that each place's probe gets right."""
    is_test = table['video'] % 4 == 3
    lines = [
        f'{len(is_test)} boxes, {int(is_test.sum())} of them to test',
        '| | classes | most frequent | ' + ' | '.join(PLACES) + ' |',
        '|---|---:|---:|' + '---:|' * len(PLACES),
    ]
    for look in LOOKS:
        names, labels = np.unique(table[look], return_inverse=True)
        frequent = np.bincount(labels[~is_test]).argmax()
        shares = [(labels[is_test] == frequent).mean()]
        for place in PLACES:
            shares.append(probe_accuracy(table[place], labels, is_test))
        cells = ' | '.join(f'{100 * share:.0f}' for share in shares)
        lines.append(f'| {look} | {len(names)} | {cells} |')
    return '\n'.join(lines)


def probe_accuracy(
    vectors: np.ndarray, labels: np.ndarray, is_test: np.ndarray
) -> float:
    """The share of test rows that softmax regression on the others gets right."""
    mean, deviation = vectors[~is_test].mean(0), vectors[~is_test].std(0)
    inputs = torch.from_numpy((vectors - mean) / (deviation + 1e-6)).float()
    targets, rows = torch.from_numpy(labels), torch.from_numpy(is_test)
    weight = torch.zeros(inputs.shape[1], int(labels.max()) + 1, requires_grad=True)
    bias = torch.zeros(weight.shape[1], requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], LR, weight_decay=DECAY)
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits = inputs[~rows] @ weight + bias
        nn.functional.cross_entropy(logits, targets[~rows]).backward()
        optimizer.step()
    answers = (inputs[rows] @ weight + bias).argmax(dim=1)
    return float((answers == targets[rows]).double().mean())


if __name__ == '__main__':
    run_tool(main)
