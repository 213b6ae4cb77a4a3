"""What there is in a split of BenSMOT's layout, and what had to be mended."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .dataset import BenSMOTDataset
from .repairs import REPAIRS, RepairLog


@dataclass(frozen=True)
class BenSMOTCheckReport:
    """The findings in one split.

    Attributes:
        contents: Numbers of sequences, frames, boxes and so on.
        repairs: What was odd, counted, with examples.
    """

    contents: dict[str, int]
    repairs: RepairLog

    @property
    def is_clean(self) -> bool:
        """Whether nothing had to be mended or left out."""
        return not any(self.repairs.counts[kind] for kind in REPAIRS)

    def text(self) -> str:
        """Both as a table."""
        rows = [f'{count:>8}  {name}' for name, count in self.contents.items()]
        return '\n'.join([*rows, self.repairs.table()])


def check_bensmot(
    data_root: str | os.PathLike,
    split: str = 'train',
    annotations: str | None = None,
    vocabulary: str = 'clean335',
    strict: bool = False,
) -> BenSMOTCheckReport:
    """Read a whole split and write nothing, not even the index.

    Args:
        data_root: The folder with ``train`` and ``test``.
        split: Which of them.
        annotations: The folder of the combined JSON files, ``None`` for the text files.
        vocabulary: A mode or file of verbs.
        strict: Stop at the first repair.

    Raises:
        FileNotFoundError: There is no such split.
        ValueError: It holds no sequence, a graph attacks its reader, or ``strict`` and
            something has to be mended; names file and line.
    """
    dataset = BenSMOTDataset(
        data_root=str(data_root),
        split=split,
        annotations=annotations,
        vocabulary=vocabulary,
        strict=strict,
        cache=False,
        test_mode=True,
        lazy_init=True,
    )
    videos = dataset.read_videos()
    gts = [info['gt'] for info in videos]
    tables = [t.trajectories for t in gts if t.trajectories is not None]
    contents = {
        'sequences': len(videos),
        'with captions, interactions and video caption': sum(
            gt.is_described for gt in gts
        ),
        'frames': sum(len(info['video']) for info in videos),
        'trajectories': sum(len(set(table.ids.tolist())) for table in tables),
        'boxes': sum(map(len, tables)),
        'instance captions': sum(len(gt.captions or ()) for gt in gts),
        'interactions (subject, verb, object)': sum(
            sum(map(len, gt.interactions.as_pairs().values()))
            for gt in gts
            if gt.interactions is not None
        ),
        'referring expressions': sum(len(t.expressions or ()) for t in gts),
    }
    return BenSMOTCheckReport(contents, dataset.repairs)
