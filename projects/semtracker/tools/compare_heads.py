"""Compare interaction branches on cached episodes: scene context, time, sampling.

    python projects/semtracker/tools/compare_heads.py --episodes work_dirs/episodes \\
        --variants plain no-context independent --seeds 0 1 2 --out heads.json

Every variant of a seed begins with the same weights, takes as many steps, and sees the
same windows. What is in ``--out`` already is not done again, and must be of the same
schedule. ``compare_meta.py`` compares meta-learning.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
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
    from mmsmot.utils.checkpoint import save_weights
    from mmsmot.utils.json_file import write_json
    from projects.semtracker.datasets.episode_labels import verb_frames
    from projects.semtracker.datasets.interaction_classes import VERBS, frequency_groups
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
    from projects.semtracker.models.branch_on_episodes import BranchOnEpisodes
    from projects.semtracker.models.branch_training import train_on_episodes
    from projects.semtracker.models.episode_store import EpisodeStore
    from projects.semtracker.models.interaction_branch import interaction_loss

VARIANTS: dict[str, dict[str, Any]] = {
    'plain': {},
    'no-context': dict(branch=dict(use_context=False)),
    # A frame and a crop at a time, as a classifier behind any tracker sees them.
    'independent': dict(branch=dict(use_context=False, use_motion=False, window=1)),
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
    stores = {'train': train, **test}
    fingerprints = {split: store.fingerprint for split, store in stores.items()}
    content = read_runs(args.out)
    for key, run in content.items():
        require_same_settings(run, settings, f'{args.out}: {key}')
        require_same_episodes(run, fingerprints, f'{args.out}: {key}')
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
                | episode_settings(fingerprints)
            )
            write_json(content, args.out)
            if is_saved:
                save_weights(model, args.save)
    print(table(content, args.splits))


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
    head = model.branch.head
    sampler = WindowSampler(train, seed, options.get('balanced', True))

    def loss_of(step: int) -> torch.Tensor:
        batch = train.batch(sampler.windows(step, schedule.batch, schedule.frames))
        logits, _ = head(model.encode(batch))
        columns = batch.verbs, batch.partners, batch.mask
        return interaction_loss(logits, *columns, head.num_verbs)

    train_on_episodes(
        model.parameters(),
        loss_of,
        steps=schedule.steps,
        lr=schedule.lr,
        title=f'{name}, seed {seed}',
    )
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


def table(content: dict[str, Any], splits: list[str]) -> str:
    """Mean and standard error over seeds of each variant, in percent."""
    scores = [
        run[split] for run in content.values() for split in splits if split in run
    ]
    names = [*dict.fromkeys(name for run in scores for name in run)]
    lines = ['| split | variant | seeds | ' + ' | '.join(names) + ' |']
    lines.append('|---|---|---:|' + '---:|' * len(names))
    for split in splits:
        for variant in variants_of(content):
            runs = seed_scores(content, variant, split)
            if runs:
                cells = [split, variant, str(len(runs))]
                lines.append(mean_row(cells, runs.values(), names))
    return '\n'.join(lines)


if __name__ == '__main__':
    run_tool(main)
