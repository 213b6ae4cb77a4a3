"""BenSMOT, and everything else in its folder layout, as an MMEngine dataset."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.logging import print_log

from ...registry import DATASETS
from ...utils.error_messages import first_error_names
from ...utils.json_file import read_json
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence
from ..video_dataset import VideoDataset
from ..video_reader import BENSMOT_FPS
from ..vocabulary import InteractionVocabulary
from .combined_json import CombinedAnnotations
from .ground_truth import bensmot_ground_truth, bensmot_video, gt_with_folder_in_places
from .index import (
    SPLITS,
    default_index_path,
    index_sequence_folders,
    read_sequence_index,
)
from .repairs import RepairLog
from .sequence import BenSMOTSequenceRecord
from .split import SPLIT_NAMES, SYNSMOT_FILE, select_split, split_folder

NO_WORDS = 'no captions, interactions or video caption'


@DATASETS.register_module()
class BenSMOTDataset(VideoDataset):
    """BenSMOT and SynSMOT.

    ::

        data_root/
          train/
            <activity>/<sequence>/
              imgs/000001.jpg             frame numbers may have holes
              gt/gt.txt                   frame,id,x,y,w,h[,consider,class,visibility]
              instance_captions.txt       woman0: A woman ..., by ascending id
              interactions.graphml        who does what to whom
              video_caption.txt
              semantic_trajectories.json  optional: interactions with frame spans
              expressions/*.json          optional: referring expressions
              seqinfo.ini                 optional: the frame rate
          val/                            optional
          test/

    Samples are those of :class:`~mmsmot.datasets.video_dataset.VideoDataset`; a video is
    named ``'<activity>/<sequence>'``. What is odd in the files is mended or left out,
    counted in ``repairs`` and logged; with ``strict`` it is an error.

    What was read is kept in ``data_root/.mmsmot/<folder>.npz``, or below
    ``~/.cache/mmsmot`` where that cannot be written; sequences whose files changed are
    read again.

    Args:
        data_root: The folder with ``train`` and ``test``.
        split: ``train``, ``val`` or ``test``. Where there is no folder ``val``, it is
            a fixed tenth of ``train``, and ``train_minus_val`` is what is left to train
            on (all of ``train`` where there is one); see
            :func:`~mmsmot.datasets.bensmot.split.val_from_train`. A SynSMOT is made with
            a ``val``; of one from before, ``val_from_train`` is the tenth.
        annotations: The folder with ``video_summary.json``, ``instance_caption.json``
            and ``relation.json`` to take the texts from; ``None`` for each sequence's
            own text files.
        vocabulary: The verbs of interactions, a mode or list or file of
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`.
        strict: Make what would be mended an error that names file and line.
        described_only: Leave out videos that lack captions, interactions or the video
            caption, logged, as the released code does; ``False`` keeps them, with what
            they have.
        default_fps: Frames per second where no file of a sequence says; BenSMOT's
            images are about half a second apart.
        cache: Where to keep what was read instead; ``False`` to keep nothing.
        sequences: Names, or patterns like ``'cooking/*'``, to take; ``None`` for all.
        num_frames: Frames in a clip.
        run_length: Length of the run that a clip's frames are drawn from, or
            ``'video'``.
        stride: Take every ``stride``-th frame instead of drawing from a run.
        test_mode: Whole videos instead of clips.
        pipeline: Transforms of the sample.
        metainfo: Added to ``metainfo``, which has ``classes``, ``verbs`` and
            ``flippable`` (``False``: captions may name left and right).
        indices: Take only the first ``indices`` videos, or those at these positions. The
            first by name are those of the first activities: for some of each name
            patterns in ``sequences``.
        lazy_init: Read nothing until ``full_init``.

    Attributes:
        vocabulary: The verbs.
        repairs: What was odd, counted, once the files are read.

    Raises:
        FileNotFoundError: ``data_root`` has no such split.
        ValueError: It holds no sequence, a name in ``sequences`` fits none, a graph
            attacks its reader, or ``strict`` and a file is not as it should be; or it has
            no ``val`` and none can be made of ``train``.
    """

    def __init__(
        self,
        *,
        data_root: str,
        split: str = 'train',
        annotations: str | None = None,
        vocabulary: str | Sequence[str] = 'clean335',
        strict: bool = False,
        described_only: bool = True,
        default_fps: float = BENSMOT_FPS,
        cache: str | bool = True,
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
        if split not in SPLIT_NAMES:
            raise ValueError(f'split must be one of {SPLIT_NAMES}, got {split!r}')
        self.split = split
        self.annotations = annotations
        self.vocabulary = InteractionVocabulary(vocabulary)
        self.strict = strict
        self.described_only = described_only
        self.default_fps = default_fps
        self.cache = cache
        self.repairs = RepairLog(strict)
        metainfo = dict(metainfo or {})
        metainfo['verbs'] = self.vocabulary.verbs
        _require_unflipped_words(data_root, metainfo)
        super().__init__(
            data_root=data_root,
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
        """The videos to take, sorted by name; what was odd is logged."""
        videos = self.read_videos()
        self.repairs.report(f'{self.data_root}/{self.split}')
        if not self.described_only:
            return videos
        described = [info for info in videos if info['gt'].is_described]
        if len(described) < len(videos):
            self._log_left_out(videos, len(described))
        return described

    def read_videos(self) -> list[dict]:
        """Read every sequence chosen, described or not; counts in ``repairs``."""
        folder = split_folder(self.data_root, self.split)
        folders = index_sequence_folders(self.data_root, folder)
        names = select_split(self.data_root, self.split, folders)
        # All of the folder: the part that another split is of it shares the index.
        records = read_sequence_index(folders, self._cache_path(folder))
        self.repairs = RepairLog(self.strict)
        combined = None
        if self.annotations is not None:
            combined = CombinedAnnotations(self.annotations)
            combined.check_names(
                self._names_of_all_splits(folder, folders), self.repairs
            )
        videos = (
            self._read_video(name, folders[name], records[name], combined)
            for name in self.selected(names)
        )
        return [info for info in videos if info is not None]

    def _cache_path(self, folder: str) -> Path | None:
        if self.cache is True:
            return default_index_path(self.data_root, folder)
        return Path(self.cache) if self.cache else None

    def _names_of_all_splits(self, folder: str, folders: dict[str, Path]) -> set[str]:
        """The combined files may hold the texts of all splits."""
        names = set(folders)
        for split in SPLITS:
            if split != folder and os.path.isdir(Path(self.data_root) / split):
                names.update(index_sequence_folders(self.data_root, split))
        return names

    def _read_video(
        self,
        name: str,
        folder: Path,
        record: BenSMOTSequenceRecord,
        combined: CombinedAnnotations | None,
    ) -> dict[str, ImageSequence | GroundTruth] | None:
        log = self.repairs
        if not record.frame_ids:
            log.add('sequence_empty', f'{folder}: no images and no boxes')
            return None
        log.merge(record.log, f'{folder}/')
        if combined is None:
            log.merge(record.text_log, f'{folder}/')
            semantics = gt_with_folder_in_places(record.semantics, folder)
        else:
            semantics = combined.semantics(name, record.track_ids, log)
        return dict(
            video=bensmot_video(name, folder, record, self.default_fps),
            gt=bensmot_ground_truth(folder, record, semantics, self.vocabulary, log),
        )

    def _log_left_out(self, videos: list[dict], num_kept: int) -> None:
        names = [
            info['video'].video.name for info in videos if not info['gt'].is_described
        ]
        message = (
            f'{self.data_root}/{self.split}: {len(names)} of {len(videos)} sequences '
            f'left out ({NO_WORDS}): {first_error_names(names)}'
        )
        if not num_kept:
            raise ValueError(f'{message}. described_only=False keeps them.')
        print_log(message, logger='current', level=logging.WARNING)


def _require_unflipped_words(data_root: str, metainfo: dict) -> None:
    """Refuse ``flippable`` for a SynSMOT, whose captions say left and right."""
    path = Path(data_root) / SYNSMOT_FILE
    if not metainfo.get('flippable') or not path.is_file():
        return
    facts = read_json(path)
    if not isinstance(facts, dict) or facts.get('flippable') is not True:
        raise ValueError(
            f'{path}: the captions of this dataset name left and right, so it cannot '
            'be flippable; remove it from metainfo'
        )
