"""Does meta-learning help the tail? Heads that adapt to other targets of a new video.

    python projects/semtracker/tools/compare_meta.py --episodes work_dirs/episodes \\
        --encoder encoder.safetensors --seeds 0 1 2 --splits val test --out meta.json

An episode is a target that is judged in the second half of its video. Its support are the
labels of the video's *other* targets in the first half
(:class:`~projects.semtracker.models.other_target_episodes.OtherTargetEpisodes`), so that
no head can win by repeating the support. Shared features and frame encoder are
frozen; every head of a seed begins with the same weights, takes as many steps, and sees
the same targets, balanced by verb; ``plain`` has the query's loss too, without inner
steps before it. Each is scored

- ``none``: as it is, as it would be used where nothing is labelled;
- ``self@LR``: adapted to its own sure answers about the target's own first half;
- ``support@LR``: adapted to the labels of the support, with as many steps as in training.

Both step sizes are chosen on ``val`` for each variant apart, by the micro F1; that of
``self`` may be 0, which is the head as it is and is printed as "none is best".

``floor`` needs no model: the support's most frequent class in each role (``copy``), the
same without "none" (``copy-verb``), and of the other role (``copy-swapped``).
What is in ``--out`` already is not done again, and must be of the same settings, episodes
and encoder.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsmot.utils.command_line import (
    count_arg,
    positive_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmsmot.utils.checkpoint import load_weights
    from mmsmot.utils.fingerprint import file_fingerprint
    from mmsmot.utils.json_file import write_json
    from projects.semtracker.datasets.interaction_classes import VERBS
    from projects.semtracker.datasets.verb_balanced_sampler import (
        balanced_draw,
        verb_pools,
    )
    from projects.semtracker.evaluation.interaction_f1 import f1_scores, frame_counts
    from projects.semtracker.evaluation.run_scores import (
        episode_settings,
        mean_row,
        read_runs,
        require_same_episodes,
        require_same_settings,
        seed_scores,
        variants_of,
        without_nan,
    )
    from projects.semtracker.models.branch_on_episodes import (
        BranchOnEpisodes,
        encoded_frames,
    )
    from projects.semtracker.models.branch_training import train_on_episodes
    from projects.semtracker.models.episode_store import EpisodeStore
    from projects.semtracker.models.interaction_branch import InteractionBranch
    from projects.semtracker.models.meta_learning import (
        Episodes,
        MetaLearning,
        episode_loss,
        mean_episode_loss,
    )
    from projects.semtracker.models.other_target_episodes import OtherTargetEpisodes
    from projects.semtracker.models.self_adaptation import SelfAdaptation
    from projects.semtracker.tools.compare_heads import verb_groups

# Order of the inner gradient, and weight of the loss of the head as it is.
VARIANTS: dict[str, dict[str, Any] | None] = {
    'plain': None,
    'first-order': dict(second_order=False, plain_weight=1.0),
    'second-order': dict(second_order=True, plain_weight=1.0),
    'second-order-only': dict(second_order=True, plain_weight=0.0),  # as published
}
GROUPS = ('micro', 'macro', 'head', 'middle', 'tail')
FLOOR = 'floor/0'
EVALUATED = 16  # episodes at once


@dataclass(frozen=True, eq=False)
class Schedule:
    """How a head is trained; see ``--help``."""

    steps: int
    batch: int
    lr: float
    inner_lr: float
    inner_steps: int


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--episodes', required=True, help='folder with train and splits'
    )
    parser.add_argument(
        '--encoder',
        required=True,
        help='of compare_heads.py --save; {seed} in its name is replaced',
    )
    parser.add_argument('--variants', nargs='+', choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument('--seeds', nargs='+', type=seed_arg, default=[0, 1, 2])
    parser.add_argument('--splits', nargs='+', default=['val'])
    parser.add_argument('--steps', type=count_arg, default=300)
    parser.add_argument('--batch', type=count_arg, default=8, help='episodes a step')
    parser.add_argument('--lr', type=positive_arg, default=1e-3)
    parser.add_argument('--inner-lr', type=positive_arg, default=0.1)
    parser.add_argument('--inner-steps', type=count_arg, default=2)
    parser.add_argument(
        '--test-lrs', nargs='+', type=positive_arg, default=[0.01, 0.03, 0.1]
    )
    parser.add_argument(
        '--self-lrs',
        nargs='+',
        type=positive_arg,
        default=[0.01, 0.03, 0.1],
        help='step sizes of self, beside 0',
    )
    parser.add_argument('--out', required=True, help='JSON of all scores')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    stores = {
        split: EpisodeStore(Path(args.episodes) / split)
        for split in ('train', *args.splits)
    }
    schedule = Schedule(
        args.steps, args.batch, args.lr, args.inner_lr, args.inner_steps
    )
    settings = dict(
        schedule=vars(schedule), test_lrs=args.test_lrs, self_lrs=args.self_lrs
    )
    fingerprints = {split: store.fingerprint for split, store in stores.items()}
    content = read_runs(args.out)
    for key, run in content.items():
        if key != FLOOR:
            require_same_settings(run, settings, f'{args.out}: {key}')
            require_same_episodes(run, fingerprints, f'{args.out}: {key}')
    groups = verb_groups(stores['train'])
    for seed in args.seeds:
        encoder = args.encoder.replace('{seed}', str(seed))
        run_settings = settings | dict(encoder=file_fingerprint(encoder))
        unscored_variants = []
        for name in args.variants:
            key = f'{name}/{seed}'
            if key in content:
                require_same_settings(content[key], run_settings, f'{args.out}: {key}')
            if not {*args.splits} <= {*content.get(key, ())}:
                unscored_variants.append(name)
        if not unscored_variants:
            continue
        episodes = read_episodes(stores, encoder)
        for name in unscored_variants:
            branch = trained(name, seed, episodes['train'], schedule)
            scores = {
                split: head_scores(branch, episodes[split], schedule, groups, args)
                for split in args.splits
            }
            key = f'{name}/{seed}'
            content[key] = content.get(key, {}) | scores | run_settings
            content[key] |= episode_settings(fingerprints)
            for split in {*args.splits} - {*content.setdefault(FLOOR, {})}:
                content[FLOOR][split] = floor_scores(episodes[split], groups)
            write_json(content, args.out)
    print(table(content, args.splits))


def read_episodes(
    stores: dict[str, EpisodeStore], encoder: str
) -> dict[str, OtherTargetEpisodes]:
    """Episodes of each split as an encoder sees them."""
    model = BranchOnEpisodes(stores['train'].tokens.shape[2], {})
    load_weights(model, encoder)
    return {
        split: OtherTargetEpisodes(store, encoded_frames(model, store, encoder))
        for split, store in stores.items()
    }


def trained(
    name: str, seed: int, train: OtherTargetEpisodes, schedule: Schedule
) -> InteractionBranch:
    """The branch with a head of one run; its encoder is not used.

    Args:
        name: Of :data:`VARIANTS`.
        seed: Of weights and episodes.
        train: Episodes.
        schedule: Steps and sizes.
    """
    torch.manual_seed(seed)
    branch = InteractionBranch()
    head, options = branch.head, VARIANTS[name]
    meta = None
    if options is not None:
        meta = MetaLearning(
            inner_lr=schedule.inner_lr, inner_steps=schedule.inner_steps, **options
        )
    frames = map(train.store.subject_frames, train.queries.tolist())
    pools = [train.queries[pool] for pool in verb_pools([*frames])]

    def loss_of(step: int) -> torch.Tensor:
        draws = [[seed, step, number] for number in range(schedule.batch)]
        targets = [balanced_draw(pools, draw) for draw in draws]
        return training_loss(branch, train.batch(targets), meta)

    train_on_episodes(
        head.parameters(),
        loss_of,
        steps=schedule.steps,
        lr=schedule.lr,
        title=f'{name}, seed {seed}',
    )
    return branch


def training_loss(
    branch: InteractionBranch,
    batch: tuple[Episodes, Episodes, Episodes],
    meta: MetaLearning | None,
) -> torch.Tensor:
    """The loss of a step.

    Of all frames as the head is, and of the query frames: after the inner steps, or without
    any. So the plain head learns from the same frames with the same weights, and what
    differs is the adaptation.
    """
    support, query, all_frames = batch
    head = branch.head
    weights = dict(head.named_parameters())
    loss = torch.zeros(())
    if meta is None or meta.plain_weight:
        weight = 1.0 if meta is None else meta.plain_weight
        loss = loss + weight * episode_loss(head, weights, joined_targets(all_frames))
    if meta is None:
        return loss + mean_episode_loss(head, weights, query)
    return loss + meta.outer_loss(head, support, query)


def joined_targets(episodes: Episodes) -> Episodes:
    """The targets of all episodes (E, N, T, ...) side by side, (E * N, T, ...)."""
    return Episodes(*(column.flatten(0, 1) for column in episodes.columns))


def head_scores(
    branch: InteractionBranch,
    episodes: OtherTargetEpisodes,
    schedule: Schedule,
    groups: dict[str, str],
    args: argparse.Namespace,
) -> dict[str, dict[str, float]]:
    """Interaction F1 on the query frames by what the head adapts to."""
    head = branch.head
    meta = MetaLearning(inner_steps=schedule.inner_steps)
    self_adaptations = {
        f'self@{lr:g}': SelfAdaptation(inner_steps=schedule.inner_steps, inner_lr=lr)
        for lr in args.self_lrs
    }
    counts: dict[str, np.ndarray] = {}

    def count(kind: str, logits: torch.Tensor, query: Episodes) -> None:
        verbs = branch.split(logits.detach()).verbs.argmax(-1)
        part = frame_counts(
            query.verbs[query.mask].numpy(), verbs[query.mask].numpy(), len(VERBS)
        )
        counts[kind] = counts.get(kind, 0) + part

    for start in range(0, len(episodes.queries), EVALUATED):
        targets = episodes.queries[start : start + EVALUATED].tolist()
        support, query, _ = episodes.batch(targets)
        frames = query.frames
        with torch.no_grad():
            count('none', head(frames[:, 0])[0][:, None], query)
        for lr in args.test_lrs:
            steps = replace(meta, inner_lr=lr)
            count(f'support@{lr:g}', steps.adapted_logits(head, support, frames), query)
        for row in range(len(targets)):
            target = Episodes(*(column[row] for column in query.columns))
            num_early = int(target.mask[0].int().argmax())  # the query begins there
            own_weights = {n: w.detach() for n, w in head.named_parameters()}
            for kind, adaptation in self_adaptations.items():
                weights = own_weights
                if num_early:
                    first = target.frames[:, :num_early]
                    weights = adaptation.adapted(branch, first)
                call = torch.func.functional_call
                logits = call(head, dict(weights), (target.frames,))
                count(kind, logits[0], target)
    return {kind: group_scores(part, groups) for kind, part in counts.items()}


def floor_scores(
    episodes: OtherTargetEpisodes, groups: dict[str, str]
) -> dict[str, dict[str, float]]:
    """What the labels of the support alone give."""
    counts: dict[str, np.ndarray] = {}
    for target in episodes.queries.tolist():
        gt = episodes.query_labels(target)
        support = episodes.support_labels(target)
        answers = {
            'copy': [most_frequent(role) for role in support.T],
            'copy-verb': [most_frequent(role[role > 0]) for role in support.T],
        }
        answers['copy-swapped'] = answers['copy-verb'][::-1]
        for kind, classes in answers.items():
            part = frame_counts(gt, np.broadcast_to(classes, gt.shape), len(VERBS))
            counts[kind] = counts.get(kind, 0) + part
    return {kind: group_scores(part, groups) for kind, part in counts.items()}


def most_frequent(classes: np.ndarray) -> int:
    """The most frequent class, 0 where there is none."""
    vocabulary_classes = classes[classes >= 0]
    if not len(vocabulary_classes):
        return 0
    return int(np.bincount(vocabulary_classes).argmax())


def group_scores(counts: np.ndarray, groups: dict[str, str]) -> dict[str, float]:
    """F1 by :data:`GROUPS`."""
    scores = without_nan(f1_scores(counts, VERBS, groups))
    return {name.removeprefix('f1_'): score for name, score in scores.items()}


def table(content: dict[str, Any], splits: Sequence[str]) -> str:
    """Scores in percent, mean and standard error over seeds, and gains over plain.

    A gain is the difference of the runs of one seed, so that its error is of pairs.
    """
    lines = ['| split | head | adapted to | seeds | ' + ' | '.join(GROUPS) + ' |']
    lines.append('|---|---|---|---:|' + '---:|' * len(GROUPS))
    runs = {key: run for key, run in content.items() if key != FLOOR}
    kinds = {name: chosen_kinds(runs, name) for name in variants_of(runs)}
    for split in splits:
        for kind, scores in content.get(FLOOR, {}).get(split, {}).items():
            lines.append(mean_row([split, 'floor', kind, '-'], [scores], GROUPS))
        for name in kinds:
            for label, kind in kinds[name].items():
                scores = seed_scores(runs, name, split, kind)
                cells = [split, name, kind_text(label, kind), str(len(scores))]
                lines.append(mean_row(cells, scores.values(), GROUPS))
        for name in kinds if 'plain' in kinds else ():
            for label in kinds[name] if name != 'plain' else ():
                scores = seed_scores(runs, name, split, kinds[name][label])
                plain = seed_scores(runs, 'plain', split, kinds['plain'][label])
                gains = paired_gains(scores, plain)
                cells = [split, f'{name} - plain', label, str(len(gains))]
                lines.append(mean_row(cells, gains, GROUPS))
    return '\n'.join(lines)


def paired_gains(
    scores: dict[str, dict[str, float]], plain_scores: dict[str, dict[str, float]]
) -> list[dict[str, float]]:
    """Differences of the scores of the seeds that both have."""
    return [
        {g: run.get(g, math.nan) - plain_scores[seed].get(g, math.nan) for g in GROUPS}
        for seed, run in scores.items()
        if seed in plain_scores
    ]


def kind_text(label: str, kind: str) -> str:
    """What a head is adapted to, as the table tells it."""
    return 'self@0 (none is best)' if (label, kind) == ('self', 'none') else kind


def chosen_kinds(runs: dict[str, Any], name: str) -> dict[str, str]:
    """None, and self and support with the step size that is best on val.

    For self it may be 0, which is ``'none'``. Without ``val`` the first step sizes are
    taken.
    """
    run = next(run for key, run in runs.items() if key.split('/')[0] == name)
    sizes = {'self': run.get('self_lrs', ()), 'support': run['test_lrs']}
    kind_of = {'none': 'none'}
    for label, lrs in sizes.items():
        kinds = [f'{label}@{lr:g}' for lr in lrs]
        candidates = ['none', *kinds] if label == 'self' else kinds
        means = {kind: val_micro(runs, name, kind) for kind in candidates}
        is_known = any(mean is not None for mean in means.values())
        first = (kinds or candidates)[0]
        best = max(means, key=lambda kind: means[kind] or 0.0)
        kind_of[label] = best if is_known else first
    return kind_of


def val_micro(runs: dict[str, Any], name: str, kind: str) -> float | None:
    """Mean micro F1 on val over seeds, ``None`` where there is none."""
    scores = seed_scores(runs, name, 'val', kind).values()
    return float(np.mean([run['micro'] for run in scores])) if scores else None


if __name__ == '__main__':
    run_tool(main)
