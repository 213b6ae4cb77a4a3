"""Compare interaction branches on cached episodes: scene context, time, sampling.

    python projects/semtracker/tools/compare_heads.py --episodes work_dirs/episodes \\
        --variants plain no-context independent --seeds 0 1 2 --out heads.json

Every variant of a seed begins with the same weights, takes as many steps, and sees the
same windows. What is in ``--out`` already is not done again, and must be of the same
schedule. ``compare_meta.py`` compares meta-learning.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmsmot.utils.command_line import (
    count_arg,
    positive_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmsmot.utils.checkpoint import save_weights
    from mmsmot.utils.json_file import read_json, write_json
    from mmsmot.utils.progress_bar import progress_bar
    from projects.semtracker.datasets.episode_labels import verb_frames
    from projects.semtracker.datasets.interaction_classes import VERBS, frequency_groups
    from projects.semtracker.datasets.verb_balanced_sampler import (
        balanced_draw,
        verb_pools,
    )
    from projects.semtracker.evaluation.interaction_f1 import f1_scores, frame_counts
    from projects.semtracker.models.branch_on_episodes import BranchOnEpisodes
    from projects.semtracker.models.episode_store import EpisodeStore
    from projects.semtracker.models.interaction_branch import interaction_loss

VARIANTS: dict[str, dict[str, Any]] = {
    'plain': {},
    'no-context': dict(branch=dict(use_context=False)),
    # A frame and a crop at a time, as a classifier behind any tracker sees them.
    'independent': dict(branch=dict(use_context=False, window=1)),
    'unbalanced': dict(balanced=False),
}


@dataclass(frozen=True, eq=False)
class Schedule:
    """How a run is trained; see ``--help``."""

    steps: int
    batch: int
    frames: int
    lr: float


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--episodes', required=True, help='folder with train, val, test'
    )
    parser.add_argument('--variants', nargs='+', choices=VARIANTS, default=['plain'])
    parser.add_argument('--seeds', nargs='+', type=seed_arg, default=[0])
    parser.add_argument('--splits', nargs='+', default=['val'])
    parser.add_argument('--steps', type=count_arg, default=400)
    parser.add_argument('--batch', type=count_arg, default=16, help='episodes a step')
    parser.add_argument('--frames', type=count_arg, default=24, help='of an episode')
    parser.add_argument('--lr', type=positive_arg, default=1e-3)
    parser.add_argument('--save', help='write the weights of the last run')
    parser.add_argument('--out', required=True, help='JSON of all scores')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    train = EpisodeStore(Path(args.episodes) / 'train')
    test = {split: EpisodeStore(Path(args.episodes) / split) for split in args.splits}
    schedule = Schedule(args.steps, args.batch, args.frames, args.lr)
    settings = dict(schedule=vars(schedule))
    content = read_json(args.out) if Path(args.out).exists() else {}
    require_same_settings(content, settings, args.out)
    groups = verb_groups(train)
    last_run = args.variants[-1], args.seeds[-1]
    for name in args.variants:
        for seed in args.seeds:
            key = f'{name}/{seed}'
            is_saved = bool(args.save) and (name, seed) == last_run
            if {*args.splits} <= {*content.get(key, ())} and not is_saved:
                continue
            model = trained(name, seed, train, schedule)
            content[key] = (
                content.get(key, {})
                | {split: scores_of(model, test[split], groups) for split in test}
                | settings
            )
            write_json(content, args.out)
            if is_saved:
                save_weights(model, args.save)
    print(table(content, args.splits))


def require_same_settings(
    content: dict[str, Any], settings: dict[str, Any], path: str
) -> None:
    """Refuse to add to scores that were made with other settings.

    Raises:
        ValueError: Names the file, the run and the setting.
    """
    for key, run in content.items():
        for name, value in settings.items():
            if run.get(name) != value:
                raise ValueError(
                    f'{path}: {key} was made with {name} {run.get(name)!r}, not {value!r}; '
                    'write to another file with --out'
                )


def trained(
    name: str, seed: int, train: EpisodeStore, schedule: Schedule
) -> BranchOnEpisodes:
    """One run.

    Args:
        name: Of :data:`VARIANTS`.
        seed: Of weights and windows.
        train: Episodes.
        schedule: Steps and sizes.
    """
    options = VARIANTS[name]
    torch.manual_seed(seed)
    model = BranchOnEpisodes(train.tokens.shape[2], options.get('branch', {}))
    head, weights = model.branch.head, [*model.parameters()]
    optimizer = torch.optim.AdamW(weights, schedule.lr, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate(step, schedule.steps)
    )
    sampler = WindowSampler(train, seed, options.get('balanced', True))
    with progress_bar() as bar:
        task = bar.add_task(f'{name}, seed {seed}', total=schedule.steps)
        for step in range(schedule.steps):
            windows = sampler.windows(step, schedule.batch, schedule.frames)
            batch = train.batch(windows)
            logits, _ = head(model.encode(batch))
            columns = batch.verbs, batch.partners, batch.mask
            loss = interaction_loss(logits, *columns, head.num_verbs)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 5.0)
            optimizer.step()
            rate.step()
            bar.advance(task)
    return model


@torch.no_grad()
def scores_of(
    model: BranchOnEpisodes, store: EpisodeStore, groups: dict[str, str]
) -> dict[str, float]:
    """Interaction F1 frame by frame along the true boxes, and hits of known partners.

    ``swapped`` is a control: the micro F1 with subject and object exchanged.
    """
    counts, swapped_counts = np.zeros((2, len(VERBS), 3), np.int64)
    num_right = num_partners = 0
    for episode in range(len(store)):
        batch = store.batch([(episode, 0, store.length(episode))])
        split = model.branch.split(model.branch.head(model.encode(batch))[0])
        verbs, gt = split.verbs[0].argmax(-1).numpy(), batch.verbs[0].numpy()
        counts += frame_counts(gt, verbs, len(VERBS))
        swapped_counts += frame_counts(gt, verbs[:, ::-1], len(VERBS))
        partners = batch.partners[0]
        is_known = partners >= 0
        hits = split.partners[0].argmax(-1)[is_known] == partners[is_known]
        num_right += int(hits.sum())
        num_partners += len(hits)
    scores = f1_scores(counts, VERBS, groups)
    scores['partner'] = num_right / max(num_partners, 1)
    scores['swapped'] = f1_scores(swapped_counts, VERBS, groups)['f1_micro']
    return without_nan(scores)


def without_nan(scores: dict[str, float]) -> dict[str, float]:
    """JSON has no nan: a group without a verb in the split has no score."""
    return {name: score for name, score in scores.items() if not math.isnan(score)}


class WindowSampler:
    """Windows of training episodes that follow from (seed, step) alone.

    Args:
        store: Training episodes.
        seed: Of the run.
        balanced: Draw a verb first, then an episode whose rarest verb it is; episodes
            without a verb count as one more. ``False`` draws episodes alike.
    """

    def __init__(self, store: EpisodeStore, seed: int, balanced: bool) -> None:
        self.store, self.seed = store, seed
        self.pools = [np.arange(len(store))]
        if balanced:
            self.pools = verb_pools([*map(store.subject_frames, range(len(store)))])

    def windows(self, step: int, count: int, frames: int) -> list[tuple[int, int, int]]:
        """``count`` windows of up to ``frames`` rows."""
        windows = []
        for number in range(count):
            seed = [self.seed, step, number]
            episode = balanced_draw(self.pools, seed)
            room = max(self.store.length(episode) - frames, 0)
            start = int(np.random.default_rng([*seed, 1]).integers(room + 1))
            windows.append((episode, start, frames))
        return windows


def verb_groups(train: EpisodeStore) -> dict[str, str]:
    """Head, middle and tail by frames as subject or object in training."""
    return frequency_groups(verb_frames(train.columns['verbs'], VERBS))


def learning_rate(step: int, steps: int) -> float:
    """Factor: 20 steps up, then a cosine down to a hundredth."""
    cosine = (1 + math.cos(math.pi * min(step / steps, 1))) / 2
    return min((step + 1) / 20, 1) * (0.01 + 0.99 * cosine)


def table(content: dict[str, Any], splits: list[str]) -> str:
    """Mean and standard error over seeds of each variant, in percent."""
    runs = [run[split] for run in content.values() for split in splits if split in run]
    names = [*dict.fromkeys(name for run in runs for name in run)]
    lines = ['| split | variant | seeds | ' + ' | '.join(names) + ' |']
    lines.append('|---|---|---:|' + '---:|' * len(names))
    for split in splits:
        for variant in dict.fromkeys(key.split('/')[0] for key in content):
            runs = [
                run[split]
                for key, run in content.items()
                if key.split('/')[0] == variant and split in run
            ]
            if not runs:
                continue
            cells = [
                mean_cell([run.get(name, math.nan) for run in runs]) for name in names
            ]
            lines.append(
                f'| {split} | {variant} | {len(runs)} | ' + ' | '.join(cells) + ' |'
            )
    return '\n'.join(lines)


def mean_cell(values: Sequence[float]) -> str:
    """Mean of some seeds' scores in percent, with its standard error."""
    percent = 100 * np.asarray(values)
    if len(percent) < 2:
        return f'{percent.mean():.1f}'
    error = percent.std(ddof=1) / math.sqrt(len(percent))
    return f'{percent.mean():.1f} ± {error:.1f}'


if __name__ == '__main__':
    run_tool(main)
