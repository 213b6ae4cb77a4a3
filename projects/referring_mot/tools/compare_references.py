"""Rules for whom a sentence means, on the same tracks: floors, the model, the oracle.

Thresholds are chosen on val by the mean HOTA over expressions; the rows are test's. What
was computed of a video is kept in --out, so that the same call goes on after a kill.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmengine.config import Config

    from mmsmot.engine import drop_init_cfg, load_config
    from mmsmot.models.smot import SMOT
    from mmsmot.models.trackers import TrajectoryFile
    from mmsmot.registry import MODELS
    from mmsmot.utils.checkpoint import load_checkpoint, require_checkpoint_weights
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.json_file import write_json
    from mmsmot.utils.mmdet_bridge import import_mmdet
    from mmsmot.utils.progress_bar import progress_bar
    from projects.referring_mot.datasets.referring_dataset import referring_videos
    from projects.referring_mot.datasets.window_cache import WindowCacheDataset
    from projects.referring_mot.evaluation.expression_scores import (
        scores_by_kind,
        scores_without_nan,
        summarize_expressions,
    )
    from projects.referring_mot.evaluation.reference_rules import (
        Rule,
        apply_rule,
        at_least,
        everybody,
        oracle,
        pair_scores,
        true_captions,
        whole_tracks,
    )
    from projects.referring_mot.evaluation.referring_metric import referring_table
    from projects.referring_mot.evaluation.scored_videos import (
        ScoredVideo,
        score_videos,
        with_shuffled_text,
    )
    from projects.referring_mot.evaluation.train_sentences import TrainSentences
    from projects.referring_mot.models.text_encoders.onnx_text_encoder import (
        ONNXTextEncoder,
    )

GRID = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
CAPTION_GRID = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)

# Names of rows, as in the README's table.
EVERYBODY, MODEL = 'everybody', 'the model'
SHUFFLED, TRUE_REFERENCE = 'shuffled text', 'true reference'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('checkpoint', help='weights of the whole model')
    parser.add_argument('--data-root', help="in place of the config's")
    parser.add_argument('--out', required=True, help='folder of tracks and scores')
    parser.add_argument(
        '--tracks',
        metavar='DIR',
        help='tracks as <split>/<video>.txt, for a config whose tracker is TrajectoryFile: '
        'splits may have videos of one name',
    )
    parser.add_argument(
        '--windows',
        metavar='DIR',
        help='cache that was trained on, whose sentences are not held out; by default '
        'those of the train split',
    )
    parser.add_argument(
        '--minilm',
        nargs=2,
        metavar=('ONNX', 'VOCAB'),
        help='a sentence encoder and its word pieces, for the floor of true captions',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    import_mmdet()
    config = load_config(args.config, args.cfg_options)
    drop_init_cfg(config.model)
    model = MODELS.build(config.model).eval()
    load_model_weights(model, args.checkpoint)
    out = Path(args.out)
    with folder_lock(out):
        val, test = (
            score_split(model, config, args, split, out / split)
            for split in ('val', 'test')
        )
        train = (
            WindowCacheDataset(data_root=args.windows)
            if args.windows
            else referring_videos(
                config.test_dataloader.dataset, 'train', args.data_root
            )
        )
        rows, pairs = score_rules(
            val, test, args.minilm, TrainSentences(train.sentences())
        )
        print(referring_table(rows, 'fixed'))
        for name, row in pairs.items():
            print(f'{name:34}' + ', '.join(f'{k} {v:.3f}' for k, v in row.items()))
        json_rows = {name: scores_without_nan(row) for name, row in rows.items()}
        write_json(dict(rows=json_rows, pairs=pairs), out / 'references.json')


def score_rules(
    val: Sequence[ScoredVideo],
    test: Sequence[ScoredVideo],
    minilm: Sequence[str] | None,
    train_sentences: TrainSentences,
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """The scores of each rule on test by its name, and those of pairs."""
    rows, pairs = {}, {}
    for name, rule in choose_rules(val, minilm).items():
        videos = test
        if name == SHUFFLED:
            videos = with_shuffled_text(test)
            count = num_expressions(test) - num_expressions(videos)
            print(f'{name}: {count} expressions have no other in their video')
        if not videos:
            continue
        scores = apply_rule(videos, rule, train_sentences)
        rows[name] = summarize_expressions(scores)
        if name in (MODEL, EVERYBODY, TRUE_REFERENCE):
            rows |= {
                f'  {kind}'.ljust(14) + name[:10]: summarize_expressions(group)
                for kind, group in scores_by_kind(scores).items()
            }
        pairs[name] = pair_scores(videos, rule)
    return rows, pairs


def score_split(
    model: SMOT, config: Config, args: argparse.Namespace, split: str, folder: Path
) -> list[ScoredVideo]:
    """The model's tracks and scores of a split, with a bar of progress."""
    dataset = referring_videos(config.test_dataloader.dataset, split, args.data_root)
    if args.tracks:
        tracker = getattr(model.estimator, 'tracker', None)
        if not isinstance(tracker, TrajectoryFile):
            raise SystemExit(
                '--tracks needs a config whose tracker is TrajectoryFile, such as '
                f'ikun-tracks_tiny_synsmot; {args.config} has {type(tracker).__name__}'
            )
        tracker.path = f'{args.tracks}/{split}/{{name}}.txt'
    with progress_bar() as bar:
        task = bar.add_task(split, total=len(dataset.data_list))
        return score_videos(
            model, dataset, folder, scores_setting(config), lambda: bar.advance(task)
        )


def scores_setting(config: Config) -> dict:
    """What of a config decides the scores of windows: all but the threshold."""
    setting = config.model.to_dict()
    for part in setting.get('post_processing', ()):
        part.pop('threshold', None)
    setting['estimator'].get('text_hook', {}).pop('refer_threshold', None)
    return setting


def num_expressions(videos: Sequence[ScoredVideo]) -> int:
    """Of all videos."""
    return sum(len(video.expressions) for video in videos)


def load_model_weights(model: SMOT, path: str) -> None:
    """Load a checkpoint; the detector's weights are left out where tracks are a file's."""
    checkpoint = load_checkpoint(path)
    weights = checkpoint.get('state_dict', checkpoint)
    if getattr(model.estimator, 'detector', None) is None:
        prefix = 'estimator.detector.'
        weights = {k: v for k, v in weights.items() if not k.startswith(prefix)}
    require_checkpoint_weights(model, weights, path)
    model.load_state_dict(weights)


def choose_rules(
    val: Sequence[ScoredVideo], minilm: Sequence[str] | None
) -> dict[str, Rule]:
    """The rules, with the thresholds that are best on val."""
    best = best_threshold(val, at_least, GRID)
    rules: dict[str, Rule] = {
        EVERYBODY: everybody,
        MODEL: at_least(best),
        SHUFFLED: at_least(best),
        'whole tracks': whole_tracks(best_threshold(val, whole_tracks, GRID)),
        TRUE_REFERENCE: oracle,
    }
    if minilm is not None:
        encoder = ONNXTextEncoder(model=minilm[0], vocab=minilm[1])

        def similarity(sentences: Sequence[str], captions: Sequence[str]) -> np.ndarray:
            vectors = [encoder(texts).sentences for texts in (sentences, captions)]
            return (vectors[0] @ vectors[1].T).numpy()

        def rule_at(threshold: float) -> Rule:
            return true_captions(similarity, threshold)

        rules['true captions'] = rule_at(best_threshold(val, rule_at, CAPTION_GRID))
    return rules


def best_threshold(
    videos: Sequence[ScoredVideo],
    rule_at: Callable[[float], Rule],
    grid: Sequence[float],
) -> float:
    """The threshold with the greatest mean HOTA over expressions."""
    means = [
        summarize_expressions(apply_rule(videos, rule_at(value)))['mean_HOTA']
        for value in grid
    ]
    best_value = grid[int(np.argmax(means))]
    text = ', '.join(f'{v}: {m:.2f}' for v, m in zip(grid, means, strict=True))
    print(f'{rule_at.__name__}: {best_value} of {text}')
    return best_value


if __name__ == '__main__':
    run_tool(main)
