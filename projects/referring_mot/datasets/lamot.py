"""LaMOT: sentences over videos in MOTChallenge's folders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmsmot.datasets.mot_challenge import MOTChallengeDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import ReferringExpression
from mmsmot.structures.id_keys import read_id
from mmsmot.utils.json_file import read_json

_FILE = re.compile(r'(?P<sequence>.+)_[0-9]+')  # MOT17-02-FRCNN_01


@DATASETS.register_module()
class LaMOTDataset(MOTChallengeDataset):
    """MOTChallenge sequences with LaMOT's expression files; a sample for each video.

    ::

        data_root/MOT17-02-FRCNN/      a MOTChallenge sequence, with gt/gt.txt
        expressions/MOT17-02-FRCNN_01.json
            {"targets": {"1": [3, 7]}, "language": "people walking to the left"}

    Frames count from 1, as in ``gt.txt``. :class:`ReferringDataset` around it gives a
    sample for each (video, expression). Files may lie in folders of their own, as those of
    TAO do. A video without a file has no expression.

    Args:
        data_root: The folder of sequence folders.
        expressions: The folder of their expressions, as ``annotations/val/MOT17``.
        split: As of :class:`~mmsmot.datasets.mot_challenge.MOTChallengeDataset`.
        sequences: As there.
        num_frames: As there.
        run_length: As there.
        stride: As there.
        test_mode: As there.
        pipeline: As there.
        metainfo: As there. Sentences may say left and right, so nothing is flipped.
        indices: As there.
        lazy_init: As there.

    Raises:
        FileNotFoundError: One of the folders is not there, or no expression is of one of
            the sequences.
        ValueError: A file is malformed; names it and the key.
    """

    METAINFO = dict(classes=('person',), flippable=False)

    def __init__(
        self,
        data_root: str,
        *,
        expressions: str,
        split: str | None = None,
        sequences: Sequence[str] | None = None,
        num_frames: int = 8,
        run_length: int | str | None = None,
        stride: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: dict | None = None,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
    ) -> None:
        self.expressions = Path(expressions)
        if not self.expressions.is_dir():
            raise FileNotFoundError(
                f'LaMOTDataset: no folder of expressions at {expressions}; it has '
                '<sequence>_<number>.json'
            )
        super().__init__(
            data_root,
            split=split,
            sequences=sequences,
            num_frames=num_frames,
            run_length=run_length,
            stride=stride,
            test_mode=test_mode,
            pipeline=pipeline,
            metainfo=metainfo,
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        """The sequences with gt and expressions, sorted by name."""
        samples = super().load_data_list()
        paths = self._paths({sample['video'].video.name for sample in samples})
        for sample in samples:
            video = sample['video']
            expressions = [
                read_lamot_expression(path, video.video.name)
                for path in paths[video.video.name]
            ]
            if self.split is not None:
                expressions = [e.on_frames(video.frame_ids) for e in expressions]
            if expressions and sample['gt'].trajectories is None:
                raise FileNotFoundError(
                    f'{video.video.path}: has expressions in {self.expressions} but no '
                    'gt/gt.txt that their ids could stand in'
                )
            sample['gt'] = replace(sample['gt'], expressions=expressions)
        return samples

    def _paths(self, names: set[str]) -> dict[str, list[Path]]:
        """The files of each sequence, sorted; those of other sequences are not read.

        Raises:
            FileNotFoundError: None is of one of these sequences.
        """
        paths: dict[str, list[Path]] = defaultdict(list)
        files = sorted(self.expressions.rglob('*.json'))
        for path in files:
            match = _FILE.fullmatch(path.stem)
            if match and match['sequence'] in names:
                paths[match['sequence']].append(path)
        if not paths:
            example = min(names, default='MOT17-02-FRCNN')
            stands = f'{len(files)} files, as {files[0].name}' if files else 'no file'
            raise FileNotFoundError(
                f'{self.expressions}: no expression of the {len(names)} sequences '
                f'(<sequence>_<number>.json, as {example}_01.json); it has {stands}'
            )
        return paths


def read_lamot_expression(path: Path, video_name: str = '') -> ReferringExpression:
    """Read a file of LaMOT: ``{"targets": {"<frame from 1>": [ids]}, "language": text}``.

    Raises:
        ValueError: It is not in that form; names the file and the key.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not {'targets', 'language'} <= content.keys():
        raise ValueError(
            f"{path}: not an expression in LaMOT's form, "
            '{"targets": {"<frame from 1>": [ids]}, "language": "..."}'
        )
    try:
        return ReferringExpression(
            content['language'], _labels(content['targets']), video_name=video_name
        )
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error


def _labels(targets: Any) -> dict[int, Any]:
    if not isinstance(targets, dict):
        raise ValueError(f'targets must be an object of lists, got {targets!r:.80}')
    labels: dict[int, Any] = {}
    for key, ids in targets.items():
        frame_id = read_id(key)
        if frame_id is None or frame_id < 1 or frame_id in labels:
            raise ValueError(
                f'targets: {key!r:.40} is no frame number from 1, or stands twice'
            )
        labels[frame_id] = ids
    return labels
