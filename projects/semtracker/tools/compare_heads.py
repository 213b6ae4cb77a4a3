"""Compare interaction heads on cached episodes: meta-learning, context, sampling.

    python projects/semtracker/tools/compare_heads.py --episodes work_dirs/episodes \\
        --variants plain maml-first maml-second --seeds 0 1 2 --out heads.json

Every variant of a seed begins with the same weights, takes as many steps, and sees the
same windows. ``--encoder FILE`` takes shared features and frame encoder from a file of
this tool (``--save``) and trains the temporal head alone: then a run takes a minute. What
is in ``--out`` already is not done again, and must be of the same schedule and encoder.
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
from torch.func import functional_call

from mmsmot.utils.command_line import (
    count_arg,
    positive_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmsmot.utils.checkpoint import load_weights, save_weights
    from mmsmot.utils.json_file import read_json, write_json
    from mmsmot.utils.progress_bar import progress_bar
    from projects.semtracker.datasets.episode_labels import verb_frames
    from projects.semtracker.datasets.interaction_classes import VERBS, frequency_groups
    from projects.semtracker.evaluation.interaction_f1 import f1_scores, frame_counts
    from projects.semtracker.models.episode_store import EpisodeBatch, EpisodeStore
    from projects.semtracker.models.interaction_branch import (
        InteractionBranch,
        interaction_loss,
    )
    from projects.semtracker.models.meta_learning import Episodes, MetaLearning
    from projects.semtracker.models.self_adaptation import SelfAdaptation
    from projects.semtracker.models.shared_features import SharedFeatures

VARIANTS: dict[str, dict[str, Any]] = {
    'plain': {},
    'maml-first': dict(meta=dict(second_order=False)),
    'maml-second': dict(meta=dict(second_order=True)),
    'maml-first-plain': dict(meta=dict(second_order=False, plain_weight=1.0)),
    'maml-second-plain': dict(meta=dict(second_order=True, plain_weight=1.0)),
    'no-context': dict(branch=dict(use_context=False)),
    # A frame and a crop at a time, as a classifier behind any tracker sees them.
    'independent': dict(branch=dict(use_context=False, window=1)),
    'unbalanced': dict(balanced=False),
}


class BranchOnEpisodes(nn.Module):
    """Shared features and interaction branch, from pooled tokens to logits.

    Args:
        in_channels: Of the pooled tokens.
        **branch: Options of :class:`InteractionBranch`.
    """

    def __init__(self, in_channels: int, branch: dict[str, Any]) -> None:
        super().__init__()
        self.shared = SharedFeatures(in_channels=in_channels)
        self.branch = InteractionBranch(**branch)

    def encode(self, batch: EpisodeBatch) -> torch.Tensor:
        """(N, T, d) vectors of the frames; zeros in the padding."""
        count = self.branch.encoder.num_tokens
        tokens = self.shared(batch.tokens[batch.mask][:, :count])
        encoded = self.branch.encoder(tokens, batch.geometry[batch.mask])
        vectors = encoded.new_zeros(*batch.mask.shape, encoded.shape[-1])
        vectors[batch.mask] = encoded
        return vectors


@dataclass(frozen=True, eq=False)
class Schedule:
    """How a run is trained; see ``--help``."""

    steps: int
    batch: int
    frames: int
    lr: float
    inner_lr: float
    inner_steps: int


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
    parser.add_argument('--inner-lr', type=positive_arg, default=0.1)
    parser.add_argument('--inner-steps', type=count_arg, default=2)
    parser.add_argument(
        '--adapt',
        action='store_true',
        help='also score heads that adapt to the first frames, by their own and true labels',
    )
    parser.add_argument('--encoder', help='shared features and encoder, not trained')
    parser.add_argument('--save', help='write the weights of the last run')
    parser.add_argument('--out', required=True, help='JSON of all scores')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    train = EpisodeStore(Path(args.episodes) / 'train')
    test = {split: EpisodeStore(Path(args.episodes) / split) for split in args.splits}
    schedule = Schedule(
        args.steps, args.batch, args.frames, args.lr, args.inner_lr, args.inner_steps
    )
    settings = dict(schedule=vars(schedule), encoder=args.encoder or '')
    content = read_json(args.out) if Path(args.out).exists() else {}
    require_same_settings(content, settings, args.out)
    if args.encoder is not None:
        require_context(args.variants)
    meta = MetaLearning(inner_lr=args.inner_lr, inner_steps=args.inner_steps)
    frozen = None
    if args.encoder is not None:  # its frames are the same in every run
        model = BranchOnEpisodes(train.tokens.shape[2], {})
        load_weights(model, args.encoder)
        frozen = model, encoded(model, train)
    groups = verb_groups(train)
    last_run = args.variants[-1], args.seeds[-1]
    for name in args.variants:
        for seed in args.seeds:
            key = f'{name}/{seed}'
            is_saved = bool(args.save) and (name, seed) == last_run
            if is_complete(content.get(key), args) and not is_saved:
                continue
            model = trained(name, seed, train, schedule, frozen)
            content[key] = (
                content.get(key, {})
                | {
                    split: scores_of(model, store, groups, meta if args.adapt else None)
                    for split, store in test.items()
                }
                | settings
            )
            write_json(content, args.out)
            if is_saved:
                save_weights(model, args.save)
    print(table(content, args.splits))


def require_same_settings(
    content: dict[str, Any], settings: dict[str, Any], path: str
) -> None:
    """Refuse to add to scores of another schedule or encoder.

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


def require_context(variants: Sequence[str]) -> None:
    """Refuse an encoder for variants that see other tokens.

    Raises:
        ValueError: Names the variant.
    """
    for name in variants:
        if not VARIANTS[name].get('branch', {}).get('use_context', True):
            raise ValueError(
                f'--encoder: it reads the scene context, which {name!r} does not see; '
                'leave --encoder out, so that the encoder is trained too'
            )


def is_complete(run: dict[str, Any] | None, args: argparse.Namespace) -> bool:
    """Whether a run has the scores of all splits, adapted ones too if asked for."""
    if run is None or not {*args.splits} <= {*run}:
        return False
    return not args.adapt or all('oracle_micro' in run[s] for s in args.splits)


def trained(
    name: str,
    seed: int,
    train: EpisodeStore,
    schedule: Schedule,
    frozen: tuple[BranchOnEpisodes, torch.Tensor] | None,
) -> BranchOnEpisodes:
    """One run.

    Args:
        name: Of :data:`VARIANTS`.
        seed: Of weights and windows.
        train: Episodes.
        schedule: Steps and sizes.
        frozen: A model whose shared features and frame encoder are taken and not
            trained, and what they make of all rows of ``train``.
    """
    options = VARIANTS[name]
    torch.manual_seed(seed)
    model = BranchOnEpisodes(train.tokens.shape[2], options.get('branch', {}))
    frames = None
    if frozen is not None:
        frames = frozen[1]
        for part in ('shared', 'branch.encoder'):
            weights = frozen[0].get_submodule(part).state_dict()
            model.get_submodule(part).load_state_dict(weights)
            model.get_submodule(part).requires_grad_(False)
    meta = options.get('meta')
    if meta is not None:
        meta = MetaLearning(
            inner_lr=schedule.inner_lr, inner_steps=schedule.inner_steps, **meta
        )
    weights = [w for w in model.parameters() if w.requires_grad]
    optimizer = torch.optim.AdamW(weights, schedule.lr, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate(step, schedule.steps)
    )
    sampler = WindowSampler(train, seed, options.get('balanced', True))
    with progress_bar() as bar:
        task = bar.add_task(f'{name}, seed {seed}', total=schedule.steps)
        for step in range(schedule.steps):
            windows = sampler.windows(step, schedule.batch, schedule.frames)
            episodes = episodes_of(model, train, windows, frames)
            loss = run_loss(model, episodes, meta)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 5.0)
            optimizer.step()
            rate.step()
            bar.advance(task)
    return model


def run_loss(
    model: BranchOnEpisodes, episodes: Episodes, meta: MetaLearning | None
) -> torch.Tensor:
    """Plain cross-entropy on all frames, or the outer loss."""
    head = model.branch.head
    if meta is not None:
        return meta.loss(head, episodes)
    columns = episodes.verbs, episodes.partners, episodes.mask
    return interaction_loss(head(episodes.frames)[0], *columns, head.num_verbs)


def episodes_of(
    model: BranchOnEpisodes,
    store: EpisodeStore,
    windows: list[tuple[int, int, int]],
    frames: torch.Tensor | None,
) -> Episodes:
    """A batch, its frames encoded now or taken from what was encoded before."""
    if frames is None:
        batch = store.batch(windows)
        vectors = model.encode(batch)
        return Episodes(vectors, batch.verbs, batch.partners, batch.mask)
    rows = [
        torch.arange(
            store.starts[e] + first,
            min(store.starts[e] + first + n, store.starts[e + 1]),
        )
        for e, first, n in windows
    ]
    pad = nn.utils.rnn.pad_sequence
    verbs, partners = (
        pad([torch.from_numpy(store.columns[name][r.numpy()]) for r in rows], True, -1)
        for name in ('verbs', 'partners')
    )
    mask = pad([torch.ones(len(r)) for r in rows], True).bool()
    return Episodes(pad([frames[r] for r in rows], True), verbs, partners, mask)


@torch.no_grad()
def encoded(model: BranchOnEpisodes, store: EpisodeStore) -> torch.Tensor:
    """(R, d) vectors of all rows, for an encoder that is not trained."""
    parts = []
    for episode in range(len(store)):
        batch = store.batch([(episode, 0, store.length(episode))])
        parts.append(model.encode(batch)[0])
    return torch.cat(parts)


@torch.no_grad()
def scores_of(
    model: BranchOnEpisodes,
    store: EpisodeStore,
    groups: dict[str, str],
    meta: MetaLearning | None = None,
) -> dict[str, float]:
    """Interaction F1 frame by frame along the true boxes.

    Plain names: nothing is adapted. With ``meta`` also, of the frames after the support
    alone: ``query_``, not adapted; ``self_``, adapted to what the head itself says of the
    support where it is sure; ``oracle_``, adapted to the support's true labels, which
    nobody has; ``copy_``: the support's last true label, which needs no model: what
    ``oracle_`` has to beat. ``swapped``: subject and object exchanged, a control.
    """
    counts = {'all': np.zeros((len(VERBS), 3), np.int64)}

    def count(kind: str, gt: np.ndarray, verbs: np.ndarray) -> None:
        counts[kind] = counts.get(kind, 0) + frame_counts(gt, verbs, len(VERBS))

    num_right = num_partners = 0
    for episode in range(len(store)):
        batch = store.batch([(episode, 0, store.length(episode))])
        frames = model.encode(batch)
        verbs, hits = predicted_verbs(model, {}, batch, frames)
        gt = batch.verbs[0].numpy()
        count('all', gt, verbs)
        count('swapped', gt, verbs[:, ::-1])
        num_right += int(hits.sum())
        num_partners += len(hits)
        if meta is None:
            continue
        support = meta.support_mask(batch.mask)
        query = ~support[0].numpy()
        count('query', gt[query], verbs[query])
        count('copy', gt[query], copied_verbs(gt, query))
        for kind, weights in adapted_weights(
            model, batch, frames, support, meta
        ).items():
            verbs, _ = predicted_verbs(model, weights, batch, frames)
            count(kind, gt[query], verbs[query])
    scores = f1_scores(counts.pop('all'), VERBS, groups)
    scores['partner'] = num_right / max(num_partners, 1)
    scores['swapped'] = f1_scores(counts.pop('swapped'), VERBS, groups)['f1_micro']
    for kind, verb_counts in counts.items():
        part = f1_scores(verb_counts, VERBS, groups)
        scores |= {name.replace('f1', kind): score for name, score in part.items()}
    # JSON has no nan: a group without a verb in the split has no score.
    return {name: score for name, score in scores.items() if not math.isnan(score)}


def copied_verbs(gt: np.ndarray, query: np.ndarray) -> np.ndarray:
    """(Q, 2) the last label of the support for each query frame, none without support."""
    support = gt[~query]
    labels = support[-1] if len(support) else np.zeros(2, np.int64)
    return np.broadcast_to(labels, (int(query.sum()), 2))


def predicted_verbs(
    model: BranchOnEpisodes,
    weights: dict[str, torch.Tensor],
    batch: EpisodeBatch,
    frames: torch.Tensor,
) -> tuple[np.ndarray, torch.Tensor]:
    """(T, 2) verbs of one episode, and which known partners are right.

    Args:
        model: The model.
        weights: Of the head, in place of its own; empty for its own.
        batch: One whole episode.
        frames: (1, T, d), encoded.
    """
    logits, _ = functional_call(model.branch.head, weights, (frames,))
    split = model.branch.split(logits)
    partners = batch.partners[0]
    is_known = partners >= 0
    hits = split.partners[0].argmax(-1)[is_known] == partners[is_known]
    return split.verbs[0].argmax(-1).numpy(), hits


def adapted_weights(
    model: BranchOnEpisodes,
    batch: EpisodeBatch,
    frames: torch.Tensor,
    support: torch.Tensor,
    meta: MetaLearning,
) -> dict[str, dict[str, torch.Tensor]]:
    """The head adapted to its own sure answers, and to the true labels of the support."""
    weights = {n: w.detach() for n, w in model.branch.head.named_parameters()}
    target = frames, batch.verbs, batch.partners
    adaptation = SelfAdaptation(inner_steps=meta.inner_steps, inner_lr=meta.inner_lr)
    first_frames = frames[:, : int(support.sum())]
    return {
        'self': dict(adaptation.adapted(model.branch, first_frames)),
        'oracle': dict(meta.adapted(model.branch.head, weights, target, support)),
    }


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
        verbs = store.columns['verbs']
        counts = np.bincount(verbs[verbs >= 0], minlength=len(VERBS) + 1)
        rarest = store.rarest_verb(counts)
        self.pools = [np.flatnonzero(rarest == verb) for verb in np.unique(rarest)]
        if not balanced:
            self.pools = [np.arange(len(store))]

    def windows(self, step: int, count: int, frames: int) -> list[tuple[int, int, int]]:
        """``count`` windows of up to ``frames`` rows."""
        generator = np.random.default_rng([self.seed, step])
        windows = []
        for pool in generator.integers(len(self.pools), size=count):
            episode = int(generator.choice(self.pools[pool]))
            room = max(self.store.length(episode) - frames, 0)
            windows.append((episode, int(generator.integers(room + 1)), frames))
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
            cells = []
            for name in names:
                values = 100 * np.array([run.get(name, math.nan) for run in runs])
                cell = f'{values.mean():.1f}'
                if len(runs) > 1:
                    cell += f' ± {values.std(ddof=1) / math.sqrt(len(values)):.1f}'
                cells.append(cell)
            lines.append(
                f'| {split} | {variant} | {len(runs)} | ' + ' | '.join(cells) + ' |'
            )
    return '\n'.join(lines)


if __name__ == '__main__':
    run_tool(main)
