"""What there is in a dataset: BenSMOT's Table 1 and the distributions of its Fig. 2."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..utils.number_ranges import NON_NEGATIVE_INT, require_numbers
from .ground_truth import GroundTruth
from .image_sequence import ImageSequence

# The paper leaves prepositions out of its word cloud; articles, conjunctions, pronouns
# and auxiliaries say as little of a dataset.
_FUNCTION_WORDS = (
    'about above across after against along among around at away before behind '
    'below beneath beside besides between beyond by down during for from in '
    'inside into near of off on onto out outside over past through to toward '
    'towards under until up upon via with within without a an the this that these '
    'those and or but while as then so if when who which whose where he him his '
    'she her hers it its they them their himself herself itself themselves there '
    'is are was were be been being has have had having do does did not no '
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# Table 1 of the BenSMOT paper (ECCV 2024), last column; K as printed there.
PAPER_ROW = {
    'Videos': '3,292',
    'Min. length (s)': '1.5',
    'Avg. length (s)': '22.9',
    'Max. length (s)': '116.0',
    'Total length (s)': '75,499',
    'Total tracks': '7,792',
    'Total boxes': '335K',
    'Total frames': '151K',
    'Instance captions': '7,792',
    'Instance interactions': '14K',
    'Video summaries': '3,292',
}

# Refer-UE-City in Table 1 of MLS-Track, of 6,207 frames and 714 prompts.
REFER_UE_CITY_ROW = {
    'Boxes of expressions': '0.55M (Refer-UE-City)',
    'Instances per expression': '10.3 (Refer-UE-City)',
    'Temporal ratio per expression': '0.78 (Refer-UE-City)',
}


@dataclass
class DatasetStatistics:
    """Numbers of a dataset, gathered video by video.

    Lengths in seconds are numbers of frames by the frame rate: so the paper's 151K
    frames make its 75,499 seconds. A trajectory's length counts the frames from its
    first box to its last. An interaction is a (subject, verb, object), however many
    spans it has.

    Attributes:
        sequence_seconds: Of each video.
        trajectory_seconds: Of each trajectory.
        interactions: Number in each video that has them annotated.
        caption_words: Words of each instance caption.
        video_caption_words: Words of each video caption.
        words: How often each word stands in captions of both kinds, lower case,
            without :data:`FUNCTION_WORDS`.
        verbs: How often each verb is annotated.
        vocabulary: Every word of the captions, lower case.
        frames: Number of frames.
        boxes: Number of boxes.
        pairs: Number of (subject, object) that have an interaction.
        expressions: Number of referring expressions.
        expression_boxes: Boxes that each of them refers to.
        expression_instances: Trajectories that each of them refers to.
        expression_coverage: Share of its video's frames in which each refers to somebody.
    """

    sequence_seconds: list[float] = field(default_factory=list)
    trajectory_seconds: list[float] = field(default_factory=list)
    interactions: list[int] = field(default_factory=list)
    caption_words: list[int] = field(default_factory=list)
    video_caption_words: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    verbs: Counter[str] = field(default_factory=Counter)
    vocabulary: set[str] = field(default_factory=set)
    frames: int = 0
    boxes: int = 0
    pairs: int = 0
    expressions: int = 0
    expression_boxes: list[int] = field(default_factory=list)
    expression_instances: list[int] = field(default_factory=list)
    expression_coverage: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, videos: Iterable[dict]) -> DatasetStatistics:
        """The statistics of ``dict(video=ImageSequence, gt=GroundTruth)``."""
        statistics = cls()
        for info in videos:
            statistics.add(info['video'], info['gt'])
        return statistics

    def add(self, video: ImageSequence, gt: GroundTruth) -> None:
        """Count a video."""
        fps = video.video.fps
        self.frames += len(video)
        self.sequence_seconds.append(len(video) / fps)
        if gt.trajectories is not None:
            self.boxes += len(gt.trajectories)
            for boxes in gt.trajectories.by_id().values():
                ends = boxes.frame_ids[[0, -1]]
                start, end = np.searchsorted(video.frame_ids, ends).tolist()
                self.trajectory_seconds.append((end - start + 1) / fps)
        for text in (gt.captions or {}).values():
            self.caption_words.append(self._count_words(text))
        if gt.video_caption is not None:
            self.video_caption_words.append(self._count_words(gt.video_caption))
        if gt.interactions is not None:
            pairs = gt.interactions.as_pairs()
            self.pairs += len(pairs)
            self.interactions.append(sum(map(len, pairs.values())))
            self.verbs.update(verb for verbs in pairs.values() for verb in verbs)
        self.expressions += len(gt.expressions or ())
        for expression in gt.expressions or ():
            ids = [ids for ids in expression.labels.values() if ids]
            self.expression_boxes.append(sum(map(len, ids)))
            self.expression_instances.append(len(expression.ids()))
            self.expression_coverage.append(len(ids) / max(len(video), 1))

    def _count_words(self, text: str) -> int:
        words = [word.lower() for word in _WORD.findall(text)]
        self.vocabulary.update(words)
        self.words.update(word for word in words if word not in FUNCTION_WORDS)
        return len(words)

    def joined(self, statistics: DatasetStatistics) -> DatasetStatistics:
        """The statistics of both together."""
        sums = {}
        for part in fields(self):
            value, increment = getattr(self, part.name), getattr(statistics, part.name)
            sums[part.name] = (
                value | increment if part.name == 'vocabulary' else value + increment
            )
        return DatasetStatistics(**sums)

    def table(self) -> dict[str, float | int | None]:
        """The paper's Table 1 for this dataset; ``None`` where there is no video."""
        seconds = self.sequence_seconds
        return {
            'Videos': len(seconds),
            'Min. length (s)': min(seconds, default=None),
            'Avg. length (s)': float(np.mean(seconds)) if seconds else None,
            'Max. length (s)': max(seconds, default=None),
            'Total length (s)': float(sum(seconds)),
            'Total tracks': len(self.trajectory_seconds),
            'Total boxes': self.boxes,
            'Total frames': self.frames,
            'Instance captions': len(self.caption_words),
            'Instance interactions': sum(self.interactions),
            'Video summaries': len(self.video_caption_words),
        }

    def further(self) -> dict[str, int]:
        """Numbers that the paper's table has not."""
        return {
            'Kinds of interaction': len(self.verbs),
            'Pairs with an interaction': self.pairs,
            'Words in captions': sum(self.caption_words)
            + sum(self.video_caption_words),
            'Different words': len(self.vocabulary),
            'Referring expressions': self.expressions,
        }

    def referring(self) -> dict[str, float | int | None]:
        """The columns of MLS-Track's Table 1 beside frames and prompts; ``None`` without
        expressions."""
        if not self.expressions:
            return dict.fromkeys(REFER_UE_CITY_ROW)
        return {
            'Boxes of expressions': sum(self.expression_boxes),
            'Instances per expression': float(np.mean(self.expression_instances)),
            'Temporal ratio per expression': float(np.mean(self.expression_coverage)),
        }

    def distributions(self) -> dict[str, Sequence[float]]:
        """The distributions of Fig. 2 (a) to (e), by title."""
        return {
            'Trajectory length (s)': self.trajectory_seconds,
            'Sequence length (s)': self.sequence_seconds,
            'Interactions per sequence': self.interactions,
            'Instance caption length (words)': self.caption_words,
            'Video caption length (words)': self.video_caption_words,
        }

    def to_dict(self, top: int = 30) -> dict[str, Any]:
        """All of it as JSON's kinds of values.

        Args:
            top: How many of the most frequent words and verbs.

        Raises:
            ValueError: ``top`` is no whole number from 0 on.
        """
        require_numbers('DatasetStatistics', NON_NEGATIVE_INT, top=top)
        return {
            'table': self.table(),
            'further': self.further(),
            'referring': self.referring(),
            'distributions': {
                title: distribution_statistics(values)
                for title, values in self.distributions().items()
            },
            'words': most_frequent_items(self.words, top),
            'verbs': most_frequent_items(self.verbs, top),
        }


def histogram(
    values: list[float], most_bins: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges; whole numbers get bins that hold equally many of them.

    Args:
        values: Not empty.
        most_bins: At most so many bins.
    """
    low, high = min(values), max(values)
    if all(float(value).is_integer() for value in values):
        step = max(1, -(-int(high - low + 1) // most_bins))
        edges = np.arange(low - 0.5, high + 0.5 + step, step)
    else:
        edges = np.histogram_bin_edges(values, 'auto')
        if len(edges) > most_bins + 1:
            edges = np.linspace(low, high, most_bins + 1)
    counts, edges = np.histogram(values, edges)
    return counts, edges


def distribution_statistics(values: list[float]) -> dict[str, Any]:
    """Number, extremes, mean, median and histogram; the number alone where it is 0."""
    if not values:
        return {'number': 0}
    counts, edges = histogram(values)
    return {
        'number': len(values),
        'min': min(values),
        'mean': float(np.mean(values)),
        'median': float(np.median(values)),
        'max': max(values),
        'histogram': {'counts': counts.tolist(), 'edges': edges.tolist()},
    }


def most_frequent_items(counts: Counter[str], top: int) -> dict[str, int]:
    """The most frequent, in that order; equally frequent ones by the alphabet."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:top])


def dataset_statistics_table(columns: dict[str, DatasetStatistics]) -> str:
    """Table 1 with a column for each split and the paper's own, as Markdown; of
    referring expressions Refer-UE-City's."""
    names = list(columns)
    head = ['', *names, 'BenSMOT (paper)']
    tables = {
        name: {**s.table(), **s.further(), **s.referring()}
        for name, s in columns.items()
    }
    paper = PAPER_ROW | REFER_UE_CITY_ROW
    rows = [
        [title, *(_number(tables[name][title]) for name in names)]
        + [paper.get(title, '')]
        for title in tables[names[0]]
    ]
    for title in columns[names[0]].distributions():
        means = (
            distribution_statistics(columns[n].distributions()[title]) for n in names
        )
        rows.append([f'{title}, mean', *(_number(m.get('mean')) for m in means), ''])
    lines = [head, ['---', *['---:'] * (len(names) + 1)], *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _number(value: float | None) -> str:
    if value is None:
        return 'n/a'
    if isinstance(value, int):
        return f'{value:,}'
    return f'{value:,.1f}' if value >= 1 else f'{value:.2f}'
