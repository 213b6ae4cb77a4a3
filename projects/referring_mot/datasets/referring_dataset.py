"""Videos with prompts: referring expressions of any dataset as samples."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.logging import print_log

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence
from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import DATASETS, build_part
from mmsmot.structures import Prompt, ReferringExpression
from mmsmot.utils.error_messages import first_error_names
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers
from projects.referring_mot.datasets.referred_boxes import (
    ExpressionCount,
    expression_count,
    labels_without_box,
    referred_trajectories,
)
from projects.referring_mot.datasets.shuffled_text import shuffled_rows

# Share of a video's labels without a box, and their number, from which on the boxes are
# not those that were labelled. Refer-KITTI's own slips are a few.
MAX_BOXLESS, MIN_BOXLESS = 0.2, 5


@DATASETS.register_module()
class ReferringDataset(VideoDataset):
    """A dataset whose videos have expressions, with a sample for each (video, prompt).

    ::

        dataset: video, gt with E expressions
            test_mode: E samples (video, prompt), gt_trajectories of the prompt alone
            training:  one clip of the video; all its expressions, K of them drawn

    A sample to test on has ``gt_objects`` beside ``gt_trajectories``: every object of the
    video, from which the released protocol takes its boxes. A clip to train on keeps all
    objects in ``gt_trajectories`` (RMOT learns detection and tracking from all of them),
    all expressions in ``gt_expressions``, and in ``prompts`` K of them that are drawn by
    the sample's generator, the first of which is its ``prompt``.

    Two expressions of a video with the same sentence are one, whose labels are both's.
    Labels that no box answers to are logged with their number; they have no gt box. Boxes
    with score 0 are left out: they mark what is not to be tracked.

    Args:
        dataset: Config of the dataset: ``BenSMOTDataset``, ``ReferKITTIDataset``,
            ``LaMOTDataset``.
        data_root: Takes the place of that of ``dataset``, as the tools' ``--data-root``
            sets it.
        split: Likewise, as a sweep with ``select_on`` sets it.
        sequences: Likewise; names, or patterns, of videos to take.
        drop: Sentences that are left out, with blanks or with dashes between words.
        shuffle_text: A control: each prompt has another sentence of its video, and the gt
            of its own. A video with one expression has no other: it is left out, logged.
        shuffle_seed: Of that draw.
        prompts_per_clip: K. Different ones as long as a video has as many, then again.
            Two sentences of the same picture are what tells a model to read them.
        num_frames: As of :class:`~mmsmot.datasets.video_dataset.VideoDataset`.
        run_length: As there.
        stride: As there.
        test_mode: A sample for each (video, prompt) instead of clips.
        pipeline: Transforms of the sample.
        metainfo: Added to that of ``dataset``.
        indices: Take only the first ``indices`` samples, or those at these positions.
        lazy_init: Read nothing until ``full_init``.

    Raises:
        ValueError: No video has an expression, or none a second one to shuffle with; a
            fifth of a video's labels have no box; or ``dataset`` has ``indices``.
    """

    def __init__(
        self,
        *,
        dataset: dict,
        data_root: str | None = None,
        split: str | None = None,
        sequences: Sequence[str] | None = None,
        drop: Sequence[str] = (),
        shuffle_text: bool = False,
        shuffle_seed: int = 0,
        prompts_per_clip: int = 1,
        num_frames: int = 8,
        run_length: int | str | None = None,
        stride: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: dict | None = None,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
    ) -> None:
        require_numbers('ReferringDataset', NON_NEGATIVE_INT, shuffle_seed=shuffle_seed)
        require_numbers('ReferringDataset', COUNT, prompts_per_clip=prompts_per_clip)
        if dataset.get('indices') is not None:
            raise ValueError(
                'ReferringDataset: indices of its dataset would not be read: give '
                'sequences, or indices of the ReferringDataset'
            )
        replaced = dict(data_root=data_root, split=split, sequences=sequences)
        config = dict(dataset, test_mode=True, lazy_init=True)
        config |= {k: value for k, value in replaced.items() if value is not None}
        self.dataset: VideoDataset = build_part(config, DATASETS)
        self.drop = frozenset(map(_words, drop))
        self.shuffle_text = shuffle_text
        self.shuffle_seed = shuffle_seed
        self.prompts_per_clip = prompts_per_clip
        super().__init__(
            data_root=self.dataset.data_root,
            num_frames=num_frames,
            run_length=run_length,
            stride=stride,
            test_mode=test_mode,
            pipeline=pipeline,
            metainfo={**self.dataset.metainfo, **(metainfo or {})},
            indices=indices,
            lazy_init=True,
        )
        # The samples of a video share its frames and boxes; a copy of them for each of
        # thousands of expressions would not fit into memory.
        self.serialize_data = False
        if not lazy_init:
            self.full_init()

    def load_data_list(self) -> list[dict]:
        """``dict(video, gt[, prompt])`` each; ``gt.expressions`` has the prompt's alone."""
        videos = [_with_clean_expressions(info, self.drop) for info in self._videos()]
        described = [info for info in videos if info['gt'].expressions]
        if not described:
            raise ValueError(
                f'{self.data_root}: none of {len(videos)} videos has a referring '
                'expression'
            )
        if len(described) < len(videos):
            names = [
                info['video'].video.name
                for info in videos
                if not info['gt'].expressions
            ]
            print_log(
                f'{self.data_root}: {len(names)} of {len(videos)} videos have no '
                f'referring expression and are left out: {first_error_names(names)}',
                logger='current',
            )
        if not self.test_mode:
            return described
        samples = [
            dict(
                video=info['video'],
                gt=replace(info['gt'], expressions=[expression]),
                prompt=Prompt(expression.sentence),
            )
            for info in described
            for expression in info['gt'].expressions
        ]
        return self._with_shuffled_text(samples) if self.shuffle_text else samples

    def get_data_info(self, idx: int) -> dict:
        """The sample at ``idx``; to test on, ``gt`` is the prompt's, ``objects`` all."""
        info = dict(super().get_data_info(idx))
        if not self.test_mode:
            return info
        (expression,) = info['gt'].expressions
        objects = info['gt'].required_trajectories
        referred = referred_trajectories(objects, expression)
        info['objects'] = objects
        info['gt'] = GroundTruth(referred, expressions=[expression])
        return info

    def prepare_data(self, idx: int) -> dict:
        """The sample at ``idx``, after the pipeline."""
        sample = super().prepare_data(idx)
        if self.test_mode and sample is not None:
            objects = self.get_data_info(idx)['objects']
            sample['data_samples'].set_field(objects, 'gt_objects')
        return sample

    def sentences(self) -> list[str]:
        """Every sentence, as often as it stands in a video."""
        self.full_init()
        return [
            expression.sentence
            for info in self.data_list
            for expression in info['gt'].expressions
        ]

    def expression_counts(self) -> list[ExpressionCount]:
        """How much of its video each expression refers to."""
        self.full_init()
        return [
            expression_count(expression, info['gt'].required_trajectories.ids)
            for info in self.data_list
            for expression in info['gt'].expressions
        ]

    def _videos(self) -> list[dict]:
        return self.dataset.load_data_list()

    def _clip(
        self, video: ImageSequence, gt: GroundTruth, generator: np.random.Generator
    ) -> dict:
        """A clip with K of the expressions as its prompts."""
        expressions = gt.expressions or []
        order = generator.permutation(len(expressions))
        rows = np.resize(order, self.prompts_per_clip).tolist()
        prompts = tuple(Prompt(expressions[row].sentence) for row in rows)
        sample = super()._clip(video, gt, generator)
        sample['data_samples'].set_metainfo(dict(prompt=prompts[0], prompts=prompts))
        return sample

    def _with_shuffled_text(self, samples: list[dict]) -> list[dict]:
        """The same with the prompts of others; videos with one expression are left out."""
        by_video: dict[str, list[dict]] = {}
        for sample in samples:
            by_video.setdefault(sample['video'].video.name, []).append(sample)
        shuffled = [
            dict(group[row], prompt=group[source]['prompt'])
            for name, group in by_video.items()
            for row, source in enumerate(
                shuffled_rows(name, len(group), self.shuffle_seed).tolist()
            )
        ]
        if not shuffled:
            raise ValueError(
                f'{self.data_root}: shuffle_text, but no video has a second expression '
                'to shuffle with'
            )
        if len(shuffled) < len(samples):
            _warn(
                f'{self.data_root}: {len(samples) - len(shuffled)} expressions have no '
                'other in their video, and no shuffled text; they are left out'
            )
        return shuffled


def referring_videos(
    test_dataset: Mapping[str, Any], split: str, data_root: str | None = None
) -> ReferringDataset:
    """The videos of a split, one sample each, of the dataset that a config tests on.

    Args:
        test_dataset: Config of the ``ReferringDataset``.
        split: Of its ``dataset``.
        data_root: In place of the config's.
    """
    options = {**test_dataset, 'test_mode': False, 'num_frames': 1, 'split': split}
    if data_root:
        options['data_root'] = data_root
    return DATASETS.build(options)


def _with_clean_expressions(info: dict, drop: frozenset[str]) -> dict[str, Any]:
    """The same video, cleaned: no dropped sentence, none twice, no box with score 0."""
    name, gt = info['video'].video.name, info['gt']
    objects = gt.trajectories
    if objects is not None:
        gt = replace(gt, trajectories=objects[objects.scores > 0])
    expressions: dict[str, ReferringExpression] = {}
    for expression in gt.expressions or ():
        sentence = expression.sentence.strip()
        if _words(sentence) in drop:
            continue
        if sentence in expressions:
            _warn(f'{name}: {sentence!r} stands twice; its labels are put together')
            expression = _merged(expressions[sentence], expression)
        expressions[sentence] = replace(expression, sentence=sentence)
    if expressions:
        _report_missing_boxes(info['video'], gt, list(expressions.values()))
    return dict(info, gt=replace(gt, expressions=list(expressions.values())))


def _report_missing_boxes(
    video: ImageSequence, gt: GroundTruth, expressions: list[ReferringExpression]
) -> None:
    objects = gt.required_trajectories
    counts = [labels_without_box(objects, e, video.frame_ids) for e in expressions]
    outside, boxless = np.sum(counts, axis=0).tolist()
    if outside:
        _warn(
            f'{video.video.name}: {outside} labels of its expressions are of frames that '
            f'the video does not have ({len(video)} frames, the last is '
            f'{video.frame_ids[-1]}); they are not scored'
        )
    num_labels = sum(len(ids) for e in expressions for ids in e.labels.values())
    if boxless > MAX_BOXLESS * num_labels and boxless >= MIN_BOXLESS:
        raise ValueError(
            f'{video.video.name}: {boxless} of {num_labels} labels of its expressions are '
            'of ids that have no box in their frame: the boxes are probably of another '
            'release than the expressions (label_02 beside labels_with_ids, or frames '
            'that count from another number)'
        )
    if boxless:
        _warn(
            f'{video.video.name}: {boxless} labels of its expressions are of ids that '
            'have no box in their frame; they are not scored'
        )


def _merged(
    expression: ReferringExpression, repeated: ReferringExpression
) -> ReferringExpression:
    tables = []
    for name in ('labels', 'ignore'):
        labels, more_labels = getattr(expression, name), getattr(repeated, name)
        frames = {*labels, *more_labels}
        tables.append(
            {f: (*labels.get(f, ()), *more_labels.get(f, ())) for f in frames}
        )
    labels, ignore = tables
    return replace(expression, labels=labels, ignore=ignore)


def _words(sentence: str) -> str:
    """A sentence as Refer-KITTI's file names have it."""
    return '-'.join(sentence.lower().replace('-', ' ').split())


def _warn(message: str) -> None:
    print_log(message, logger='current', level=logging.WARNING)
