"""Floors and ceilings of the scores: blind predictions, and the truth itself.

All of them stand on true boxes. A model is judged by how much of the way from the best
floor to the ceiling it goes (:func:`baseline_gap_closed`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.synsmot.grammar import synsmot_instance_caption, video_caption
from ..datasets.synsmot.lexicon import CLAUSES
from ..structures import Interactions, SMOTDataSample
from ..utils.json_file import read_json
from .interactions import precision_recall_f1

# What may come first behind "A man in a red shirt and blue trousers".
CLAUSE_STARTS = {form.split()[0] for forms in CLAUSES.values() for form in forms}
CLAUSE_STARTS.add('first')
MAX_NGRAM = 4
MAX_VERBS = 10


@dataclass(frozen=True)
class TrainStatistics:
    """Statistics of a training split, the only input of a blind prediction.

    Attributes:
        appearance: The most frequent noun phrase that a caption begins with. Whole captions
            are hardly ever the same.
        action: The most frequent text behind it.
        consensus: The caption most like all others, see :func:`consensus_caption`.
        video_consensus: The same of the video captions.
        verbs: Verbs, the most frequent first.
        num_verbs: So many of them on every ordered pair give the best micro F1 on the
            training split.
    """

    appearance: str
    action: str
    consensus: str
    video_consensus: str
    verbs: tuple[str, ...]
    num_verbs: int

    @classmethod
    def of(cls, samples: Iterable[SMOTDataSample]) -> TrainStatistics:
        """Count a training split.

        Raises:
            ValueError: It has no captions, video captions or interactions.
        """
        captions: list[str] = []
        summaries: list[str] = []
        counts: Counter[str] = Counter()
        num_pairs = 0
        for sample in samples:
            captions += sample.get('gt_captions', {}).values()
            summaries += filter(None, [sample.get('gt_video_caption')])
            num_pairs += len(_ordered_pairs(sample))
            for verbs in (
                sample.get('gt_interactions', _NO_INTERACTIONS).as_pairs().values()
            ):
                counts.update(verbs)
        for name, items in (
            ('captions', captions),
            ('video captions', summaries),
            ('interactions', counts),
        ):
            if not items:
                raise ValueError(f'the training split has no {name} to count')
        appearances = [baseline_noun_phrase(caption) for caption in captions]
        actions = [
            c[len(n) :].strip() for c, n in zip(captions, appearances, strict=True)
        ]
        return cls(
            appearance=_most_frequent(appearances),
            action=_most_frequent(actions),
            consensus=consensus_caption(captions),
            video_consensus=consensus_caption(summaries),
            verbs=tuple(verb for verb, _ in counts.most_common()),
            num_verbs=_best_num_verbs(counts, num_pairs),
        )


_NO_INTERACTIONS = Interactions.empty()
Semantics = tuple[dict[int, str], Interactions, str]
Baseline = Callable[[SMOTDataSample, TrainStatistics, np.random.Generator], Semantics]


def baseline_noun_phrase(caption: str) -> str:
    """The appearance in a SynSMOT caption: everything before its first verb."""
    words = caption.rstrip('.').split()
    for position, word in enumerate(words):
        if word in CLAUSE_STARTS:
            return ' '.join(words[:position])
    return ' '.join(words)


def consensus_caption(captions: Sequence[str]) -> str:
    """The caption of greatest mean similarity to all, the best blind guess.

    Similarity is the cosine of tf-idf weighted 1- to 4-grams as in CIDEr, a mean over
    the four lengths.
    """
    scores = np.zeros(len(captions))
    for size in range(1, MAX_NGRAM + 1):
        rows = [Counter(_ngrams(caption, size)) for caption in captions]
        frequency = Counter(gram for row in rows for gram in row)
        idf = {gram: np.log(len(rows) / n) for gram, n in frequency.items()}
        weighted = [{g: n * idf[g] for g, n in row.items()} for row in rows]
        norms = [np.sqrt(sum(w * w for w in row.values())) or 1.0 for row in weighted]
        total: Counter[tuple[str, ...]] = Counter()
        for row, norm in zip(weighted, norms, strict=True):
            total.update({gram: weight / norm for gram, weight in row.items()})
        scores += [
            sum(w * total[g] for g, w in row.items()) / norm
            for row, norm in zip(weighted, norms, strict=True)
        ]
    return captions[int(scores.argmax())]


def most_frequent_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The most frequent appearance and action, and verb on every ordered pair."""
    captions = dict.fromkeys(
        sample.gt_captions, f'{statistics.appearance} {statistics.action}'
    )
    return (
        captions,
        verbs_on_every_pair(sample, statistics.verbs[:1]),
        statistics.video_consensus,
    )


def consensus_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The caption most like all others; the most frequent verbs on every pair."""
    captions = dict.fromkeys(sample.gt_captions, statistics.consensus)
    return captions, _blind_pairs(sample, statistics), statistics.video_consensus


def appearance_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """Appearance without motion: the true caption up to its first verb."""
    captions = {i: f'{baseline_noun_phrase(t)}.' for i, t in sample.gt_captions.items()}
    return captions, _blind_pairs(sample, statistics), statistics.video_consensus


def appearance_and_action_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The same with the most frequent action behind it."""
    captions = {
        i: f'{baseline_noun_phrase(t)} {statistics.action}'
        for i, t in sample.gt_captions.items()
    }
    return captions, _blind_pairs(sample, statistics), statistics.video_consensus


def activity_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The video's true verbs, on every ordered pair; the captions are blind."""
    verbs = sorted(set(sample.gt_interactions.verbs.tolist()))
    captions = dict.fromkeys(sample.gt_captions, statistics.consensus)
    return captions, verbs_on_every_pair(sample, verbs), statistics.video_consensus


def shuffled_identities_baseline(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """True captions and pairs, with the identities permuted."""
    ids = np.array(sorted(sample.gt_captions))
    order = rng.permutation(len(ids))
    # Along a random ring no id maps to itself, where there are two or more.
    new_ids = dict(
        zip(ids[order].tolist(), np.roll(ids[order], 1).tolist(), strict=True)
    )
    table = sample.gt_interactions
    moved = Interactions(
        np.array([new_ids.get(i, i) for i in table.subject_ids.tolist()]),
        np.array([new_ids.get(i, i) for i in table.object_ids.tolist()]),
        table.verbs,
        table.start_frames,
        table.end_frames,
        partner_labels=table.partner_labels,
    )
    captions = {new_ids[i]: text for i, text in sample.gt_captions.items()}
    return captions, moved, statistics.video_consensus


def paraphrase_oracle(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The paraphrase oracle: the same facts in another caption of SynSMOT's grammar.

    Raises:
        FileNotFoundError: The video has no ``script.json``.
    """
    path = Path(sample.video.path) / 'script.json'
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: missing. Only SynSMOT's captions can be paraphrased."
        )
    facts = read_json(path)
    captions = {i: synsmot_instance_caption(facts, i, rng) for i in sample.gt_captions}
    return captions, sample.gt_interactions, video_caption(facts, rng)


def gt_oracle(
    sample: SMOTDataSample, statistics: TrainStatistics, rng: np.random.Generator
) -> Semantics:
    """The truth itself."""
    return sample.gt_captions, sample.gt_interactions, sample.gt_video_caption


FLOORS: dict[str, Baseline] = {
    'most frequent': most_frequent_baseline,
    'consensus': consensus_baseline,
    'appearance': appearance_baseline,
    'appearance + most frequent action': appearance_and_action_baseline,
    'activity, not who': activity_baseline,
    'identities shuffled': shuffled_identities_baseline,
}
CEILINGS: dict[str, Baseline] = {
    'paraphrase oracle': paraphrase_oracle,
    'truth': gt_oracle,
}
BASELINES = FLOORS | CEILINGS


def predict_baseline(
    baseline: str,
    samples: Iterable[SMOTDataSample],
    statistics: TrainStatistics,
    seed: int = 0,
) -> Iterator[SMOTDataSample]:
    """Samples with true boxes and a baseline's captions and interactions.

    Args:
        baseline: A name in ``BASELINES``.
        samples: With captions, interactions and a video caption.
        statistics: Those of the training split.
        seed: Each video has its own generator, made of it and the video's position.
    """
    for position, sample in enumerate(samples):
        rng = np.random.default_rng([seed, position])
        captions, interactions, summary = BASELINES[baseline](sample, statistics, rng)
        sample.pred_trajectories = sample.gt_trajectories
        sample.pred_captions = captions
        sample.pred_interactions = interactions
        sample.pred_video_caption = summary
        yield sample


def verbs_on_every_pair(sample: SMOTDataSample, verbs: Sequence[str]) -> Interactions:
    """The same verbs for every ordered pair of true trajectories."""
    rows = [(i, j, v) for i, j in _ordered_pairs(sample) for v in verbs]
    if not rows:
        return Interactions.empty()
    subjects, objects, labels = map(np.array, zip(*rows, strict=True))
    return Interactions(subjects, objects, labels)


def baseline_gap_closed(
    model: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    ceiling: str = 'paraphrase oracle',
) -> dict[str, float]:
    """How far a model is on the way from the best floor to a ceiling, by score.

    (model - floor) / (ceiling - floor): 0 at the best of ``FLOORS``, 1 at the ceiling;
    negative below the floor. Scores that no gap separates are left out.

    Args:
        model: Headline numbers of a report, see :func:`~.smot_report.smot_report_headline`.
        baselines: The same of each baseline.
        ceiling: A name in ``CEILINGS``.
    """
    top = baselines[ceiling]
    closed: dict[str, Any] = {}
    for name, value in model.items():
        floors = [baselines[f][name] for f in FLOORS if name in baselines.get(f, {})]
        if floors and name in top and top[name] > max(floors):
            best = max(floors)
            closed[name] = (value - best) / (top[name] - best)
    return closed


def _blind_pairs(sample: SMOTDataSample, statistics: TrainStatistics) -> Interactions:
    return verbs_on_every_pair(sample, statistics.verbs[: statistics.num_verbs])


def _ordered_pairs(sample: SMOTDataSample) -> list[tuple[int, int]]:
    ids = np.unique(sample.gt_trajectories.ids).tolist()
    return list(permutations(ids, 2))


def _most_frequent(texts: Iterable[str]) -> str:
    return Counter(texts).most_common(1)[0][0]


def _best_num_verbs(counts: Counter[str], num_pairs: int) -> int:
    total, hits, best = sum(counts.values()), 0, (0.0, 1)
    for size, (_, n) in enumerate(counts.most_common(MAX_VERBS), start=1):
        hits += n
        score = precision_recall_f1(hits, size * num_pairs - hits, total - hits)
        best = max(best, (score['F1'], size))
    return best[1]


def _ngrams(caption: str, size: int) -> Iterator[tuple[str, ...]]:
    words = caption.lower().replace(',', ' ').replace('.', ' ').split()
    return zip(*(words[i:] for i in range(size)), strict=False)
