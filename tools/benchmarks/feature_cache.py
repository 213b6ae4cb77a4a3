"""Milliseconds that a cached frame takes to read, beside a cache of pixels' hashes and npz.

    python tools/benchmarks/feature_cache.py data/SynSMOT

What is read are feature maps of the tiny detector's size and ten boxes for each frame. The
peer decodes the image, names it by the hash of its pixels and lets NumPy read an ``.npz``;
ours (``FrameCache``) knows the image by its file and reads safetensors. Both read the same
frames by turns.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mmsmot.utils.command_line import count_arg, run_tool, tool_imports

with tool_imports():
    import numpy as np

    from mmsmot.datasets import BenSMOTDataset
    from mmsmot.datasets.image_sequence import ImageSequence
    from mmsmot.models.training.frame_cache import FrameCache, Record
    from mmsmot.structures import Frame

MAP = (108, 24, 40)


def main() -> None:
    args = parse_args()
    dataset = BenSMOTDataset(data_root=args.data_root, split=args.split, test_mode=True)
    video = dataset.get_data_info(0)['video']
    with tempfile.TemporaryDirectory() as folder:
        cache = FrameCache(Path(folder) / 'ours', random_records)
        peer = PixelCache(Path(folder))
        caches = dict(ours=cache.records, npz=peer.records)
        times: dict[str, list[float]] = {name: [] for name in caches}
        for repeat in range(args.repeats + 1):
            for name, read in caches.items():
                time_a_frame = milliseconds(read, video)
                if repeat:  # the first fills the caches
                    times[name].append(time_a_frame)
    ours, npz = (statistics.median(column) for column in times.values())
    print(f'ours {ours:.2f} ms a frame, npz {npz:.2f} ms: {npz / ours:.1f} times')


class PixelCache:
    """A record for each image, by the hash of its pixels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def records(self, frames: list[Frame]) -> list[Record]:
        records = []
        for frame in frames:
            digest = hashlib.sha1(frame.image.data).hexdigest()
            path = self.folder / f'{digest}.npz'
            if not path.exists():
                np.savez(path, **random_records([frame])[0])
            with np.load(path) as file:
                records.append({name: file[name] for name in file})
        return records


def random_records(frames: list[Frame]) -> list[Record]:
    """Maps in 16 bits and ten boxes for each frame."""
    generator = np.random.default_rng(0)
    return [
        dict(
            map=generator.standard_normal(MAP).astype(np.float16),
            stride=np.array(8),
            scale=np.ones(2),
            size=np.array(frame.size, np.float64),
            boxes=generator.random((10, 4)),
            scores=generator.random(10),
            labels=np.zeros(10, np.int64),
        )
        for frame in frames
    ]


def milliseconds(
    read: Callable[[list[Frame]], list[Record]], video: ImageSequence
) -> float:
    """Of a frame; the frames are new ones, which nobody has decoded."""
    frames = list(video)
    start = time.perf_counter()
    read(frames)
    return 1e3 * (time.perf_counter() - start) / len(frames)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder of a SynSMOT or BenSMOT')
    parser.add_argument('--split', default='val')
    parser.add_argument('--repeats', type=count_arg, default=9)
    return parser.parse_args()


if __name__ == '__main__':
    run_tool(main)
