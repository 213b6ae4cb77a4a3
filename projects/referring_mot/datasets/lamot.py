"""LaMOT: sentences over videos in MOTChallenge's folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmsmot.datasets.mot_challenge import MOTChallengeDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import ReferringExpression
from mmsmot.structures.id_keys import read_id
from mmsmot.utils.json_file import read_json


@DATASETS.register_module()
class LaMOTDataset(MOTChallengeDataset):
    """MOTChallenge sequences with LaMOT's expression files; a sample for each video.

    ::

        data_root/MOT17-02-FRCNN/      a MOTChallenge sequence, with gt/gt.txt
        expressions/MOT17-02-FRCNN/*.json
            {"targets": {"1": [3, 7]}, "language": "people walking to the left"}

    Frames count from 1, as in ``gt.txt``. :class:`ReferringDataset` around it gives a
    sample for each (video, expression). A video without a folder of expressions has none.

    Args:
        data_root: The folder of sequence folders.
        expressions: The folder of their expressions.
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
        FileNotFoundError: One of the folders is not there.
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
                '<sequence>/*.json'
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
        for sample in samples:
            video = sample['video']
            paths = sorted((self.expressions / video.video.name).glob('*.json'))
            expressions = [
                read_lamot_expression(path, video.video.name) for path in paths
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
