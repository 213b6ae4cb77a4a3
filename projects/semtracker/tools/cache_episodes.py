"""Pool what the interaction branch sees of each episode, so that heads train in minutes.

    python projects/semtracker/tools/cache_episodes.py CONFIG --data-root data/SynSMOT \\
        --split train --weights smoter_tiny_synsmot --out work_dirs/episodes

Boxes are the true ones. A split that lies in ``--out`` already is left as it is, and
must have been made in the same way: with weights and labels of the same content, whatever
their paths are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch

from mmsmot.utils.command_line import CONFIG, positive_arg, run_tool, tool_imports

with tool_imports():
    from mmsmot.engine import load_config, set_config_weights
    from mmsmot.models.training.feature_cache import FeatureCache
    from mmsmot.registry import DATASETS, build_part
    from mmsmot.utils.atomic import atomic_folder
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.fingerprint import file_fingerprint, text_fingerprint
    from mmsmot.utils.json_file import read_json, write_json
    from mmsmot.utils.progress_bar import progress_bar
    from projects.semtracker.datasets.episode_labels import frame_labels
    from projects.semtracker.datasets.interaction_classes import OBJECTS, VERBS
    from projects.semtracker.evaluation.run_scores import require_same_settings
    from projects.semtracker.models.episode_store import SETTINGS
    from projects.semtracker.models.interaction_branch import box_geometry

BATCH = 16  # frames at once


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--data-root', required=True, help='folder of a SynSMOT')
    parser.add_argument('--split', choices=('train', 'val', 'test'), required=True)
    parser.add_argument('--tail', type=positive_arg, default=1.0)
    parser.add_argument('--weights', help="the detector's weights")
    parser.add_argument('--features', help='folder of cached feature maps')
    parser.add_argument('--index', help="file of the dataset's index")
    parser.add_argument(
        '--out', required=True, help='folder; each split gets one in it'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    folder = Path(args.out) / args.split
    config = load_config(args.config)
    dataset = DATASETS.build(
        dict(
            type='SynSMOTEpisodes',
            data_root=args.data_root,
            split=args.split,
            tail=args.tail,
            test_mode=True,
            cache=args.index or True,
        )
    )
    weights = weights_path(args.weights)
    settings = dict(
        tail=args.tail,
        weights=file_fingerprint(weights) if weights else '',
        estimator=text_fingerprint(json.dumps(config.model.estimator, sort_keys=True)),
        labels=labels_fingerprint(dataset),
    )
    if folder.exists():
        path = folder / SETTINGS
        made_with = read_json(path) if path.exists() else {}
        require_same_settings(made_with, settings, str(folder))
        print(f'{folder} is there already')
        return
    set_config_weights(config, weights)
    estimator = build_part(config.model.estimator).eval()
    Path(args.out).mkdir(parents=True, exist_ok=True)
    features = args.features or Path(args.out) / 'features'
    cache = FeatureCache(features, estimator.detector)
    with atomic_folder(folder) as temporary:
        write_episodes(dataset, estimator, cache, temporary)
        write_json(settings, temporary / SETTINGS)
        shutil.copymode(args.out, temporary)
    print(folder)


def labels_fingerprint(dataset) -> str:
    """Hash of the episodes' boxes and classes, and of nothing that a path says."""
    digest = hashlib.sha256()
    for number in range(len(dataset)):
        info = dataset.get_data_info(number)
        video, gt = info['video'].video, info['gt'].trajectories
        labels = frame_labels(info['gt'].interactions, gt.frame_ids, VERBS, OBJECTS)
        digest.update(f'{video.name} {video.width} {video.height} {video.fps}'.encode())
        for column in (gt.frame_ids, gt.boxes, *labels):
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def write_episodes(dataset, estimator, cache: FeatureCache, folder: Path) -> None:
    """Write ``tokens.npy`` (R, K, C) float16 and ``episodes.npz`` of all episodes.

    Args:
        dataset: Episodes, whole videos; those of one video stand together.
        estimator: Pools (:class:`~projects.semtracker.models.semtracker.SemTracker`).
        cache: Of its detector's feature maps.
        folder: Is there and empty.
    """
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    lengths = np.array([len(info['gt'].trajectories) for info in infos])
    starts = np.concatenate([[0], lengths.cumsum()])
    context_shape = sum(estimator.context.counts), estimator.shared.in_channels
    shape = int(starts[-1]), *context_shape
    path = folder / 'tokens.npy'
    tokens = np.lib.format.open_memmap(path, 'w+', np.float16, shape)
    columns: dict[str, list[np.ndarray]] = {}
    map_video, maps = '', []
    with progress_bar() as bar:
        task = bar.add_task('episodes', total=len(infos))
        for number, info in enumerate(infos):
            name = info['video'].video.name
            if map_video != name:
                map_video, maps = name, feature_batches(info['video'], cache)
            gt = info['gt'].trajectories
            rows = slice(starts[number], starts[number + 1])
            tokens[rows] = pooled_tokens(estimator, info['video'], maps, gt)
            for key, column in episode_columns(info).items():
                columns.setdefault(key, []).append(column)
            bar.advance(task)
    tokens.flush()
    np.savez(
        folder / 'episodes.npz',
        starts=starts,
        names=np.array([i['video'].video.name for i in infos]),
        **{key: np.concatenate(parts) for key, parts in columns.items()},
    )


def episode_columns(info: dict) -> dict[str, np.ndarray]:
    """Labels, geometry and frame number of an episode's R boxes.

    Args:
        info: Of the dataset's ``get_data_info``.
    """
    video, gt = info['video'].video, info['gt'].trajectories
    verbs, partners = frame_labels(
        info['gt'].interactions, gt.frame_ids, VERBS, OBJECTS
    )
    geometry = box_geometry(
        torch.from_numpy(gt.boxes),
        torch.tensor([[video.width, video.height]] * len(gt), dtype=torch.float64),
        torch.from_numpy((gt.frame_ids - 1) / video.fps),
    )
    return dict(
        verbs=verbs,
        partners=partners,
        geometry=geometry.numpy(),
        frame_ids=gt.frame_ids,
    )


def feature_batches(video, cache: FeatureCache) -> list:
    """Feature maps of a video, batch by batch."""
    batches = []
    for start in range(0, len(video), BATCH):
        frames = [
            video.frame_at(k) for k in range(start, min(start + BATCH, len(video)))
        ]
        batches.append(cache.extract_and_detect(frames)[0])
    return batches


@torch.no_grad()
def pooled_tokens(estimator, video, batches: list, gt) -> np.ndarray:
    """(R, K, C) float16 of a target's boxes, before the shared layers."""
    place_of = {f: t for t, f in enumerate(video.frame_ids.tolist())}
    places = np.array([place_of[f] for f in gt.frame_ids.tolist()])
    parts = []
    for number, features in enumerate(batches):
        batch_rows = np.flatnonzero(places // BATCH == number)
        if len(batch_rows):
            rows = torch.from_numpy(places[batch_rows] % BATCH)
            boxes = torch.from_numpy(gt.boxes[batch_rows])
            parts.append(estimator.context(estimator.shared, features, rows, boxes))
    return torch.cat(parts).half().numpy()


if __name__ == '__main__':
    run_tool(main)
