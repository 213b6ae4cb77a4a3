"""Any tracker of mmdet that works on boxes, in our slot, for comparison.

mmdet and torch are imported when the first video begins, not with this module.
"""

from __future__ import annotations

import copy
import inspect
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from .base import BaseTracker, require_tracker_detections

if TYPE_CHECKING:
    from mmdet.models.trackers import BaseTracker as MMDetBaseTracker
    from mmengine.structures import InstanceData
    from torch import Tensor

ROW = 'det_index'  # our field in mmdet's instances: the row of the detections


@TRACKERS.register_module()
class MMDetTracker(BaseTracker):
    """A class of ``mmdet.models.trackers`` by its config.

    ``SORTTracker`` (with and without appearance), ``ByteTracker``, ``OCSORTTracker`` and
    ``StrongSORTTracker`` run, and so does a tracker of your own that is registered in
    mmdet's ``MODELS`` and inherits ``mmdet.models.trackers.BaseTracker``. Two do not:
    ``QuasiDenseTracker`` and ``MaskTrackRCNNTracker`` compare the feature maps of the
    network they were trained with, and a tracker here is given detections.

    What mmdet's trackers ask of the model around them is answered here: appearance by
    ``detections.embeddings`` (so ``reid``'s ``img_scale`` and ``img_norm_cfg`` have
    nothing to act on), camera motion by none (``with_cmc`` is false). Boxes go in as
    float32, as from mmdet's detectors.

    What is reported are the rows that mmdet reports: every detection that it gave an id,
    also those of tracks that it still calls tentative. ``det_index`` is found by the
    field of that name where a tracker keeps the fields of its instances, and by equal
    box, score and label elsewhere, since mmdet's trackers pick and join rows and change
    none; rows alike in all three are told apart by their order. Boxes, scores and labels
    are then those of the detection.

    Args:
        tracker: mmdet's config: ``dict(type='SORTTracker', _scope_='mmdet',
            motion=dict(type='KalmanFilter'), reid=None, ...)``. ``SORTTracker`` without
            ``reid=None`` is DeepSORT and needs embeddings.

    Raises:
        TypeError: ``tracker`` is no such config.
    """

    def __init__(self, *, tracker: dict) -> None:
        if not isinstance(tracker, dict) or not isinstance(tracker.get('type'), str):
            raise TypeError(
                'MMDetTracker: tracker must be a config of mmdet such as '
                "dict(type='ByteTracker', motion=dict(type='KalmanFilter')), "
                f'got {tracker!r}'
            )
        self.tracker = copy.deepcopy(tracker)
        self._mmdet: MMDetBaseTracker | None = None
        self._frame_count = 0

    def reset(self) -> None:
        """See :meth:`.base.BaseTracker.reset`; builds mmdet's tracker the first time.

        Raises:
            ImportError: mmdet is missing, or the package lap, which mmdet's ByteTracker
                and OCSORTTracker need.
            KeyError: mmdet has no such class; names those it has.
            NotImplementedError: The class works on feature maps.
            TypeError: The class is no tracker.
            ValueError: It needs a ``motion``.
        """
        self._built().reset()
        self._frame_count = 0

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        require_tracker_detections(detections, type(self).__name__)
        is_new = self._mmdet is None
        mmdet_tracker = self._built()
        if is_new:
            self.reset()
        import torch

        det_instances = _instances(detections)
        self._model.reid.look_at(det_instances, detections.embeddings)
        with torch.no_grad():
            track_instances = mmdet_tracker.track(
                model=self._model,
                img=self._model.image,
                data_sample=_sample(det_instances, self._frame_count, frame),
                data_preprocessor=None,
                rescale=False,
            )
        self._frame_count += 1
        return _tracks(detections, det_instances, track_instances)

    def _built(self) -> MMDetBaseTracker:
        """mmdet's tracker, built the first time."""
        if self._mmdet is not None:
            return self._mmdet
        tracker = build_mmdet_tracker(self.tracker)
        self._model = _Surroundings(tracker)
        # Cutting crops is where mmdet says of which rows it wants the appearance.
        tracker.crop_imgs = self._model.reid.crop
        self._mmdet = tracker
        return tracker


def build_mmdet_tracker(config: dict) -> MMDetBaseTracker:
    """Build a tracker of mmdet; see :meth:`MMDetTracker.reset` for what is refused."""
    from ...utils.mmdet_bridge import import_mmdet, mmdet_scope

    registry = import_mmdet().registry.MODELS
    from mmdet.models.trackers import BaseTracker as Base
    from mmdet.models.trackers import ByteTracker, SORTTracker

    config, name = copy.deepcopy(config), config['type']
    with mmdet_scope():
        part = registry.get(name)
        if part is None:
            tracker_names = [
                n for n, c in registry.module_dict.items() if _is_kind(c, Base)
            ]
            raise KeyError(
                f'MMDetTracker: mmdet has no tracker {name!r}. It has '
                f'{", ".join(sorted(tracker_names))}.'
            )
        if not _is_kind(part, Base):
            raise TypeError(
                f'MMDetTracker: {name} of mmdet is no tracker: it does not inherit '
                'mmdet.models.trackers.BaseTracker'
            )
        if 'feats' in inspect.signature(part.track).parameters:
            raise NotImplementedError(
                f'MMDetTracker: {name} compares feature maps through the track_head of '
                'the network that it was trained with, and a tracker here is given '
                'detections. Run it in mmdet and put its output in this slot with '
                'TrajectoryFile.'
            )
        try:
            tracker = registry.build(config)
        except RuntimeError as error:
            if 'lap is not installed' not in str(error):
                raise
            raise ImportError(
                f'MMDetTracker: {name} of mmdet needs the package lap:  '
                "pip install 'mmsmot[mmdet-trackers]'"
            ) from error
    if isinstance(tracker, SORTTracker | ByteTracker) and not hasattr(
        tracker, 'motion'
    ):
        raise ValueError(
            f'MMDetTracker: {name} needs a Kalman filter: '
            "motion=dict(type='KalmanFilter')"
        )
    return tracker


def _is_kind(part: Any, base: type) -> bool:
    return isinstance(part, type) and issubclass(part, base)


class _Refusing:
    """Refuses, aloud, whatever it does not have."""

    _refusal = ''

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith('__'):  # what Python itself asks, to copy it for instance
            raise AttributeError(name)
        # An AttributeError would make hasattr a quiet "no".
        raise NotImplementedError(self._refusal.format(name))


class _Surroundings(_Refusing):
    """What mmdet's trackers ask of the model that they are a part of."""

    with_cmc = False

    def __init__(self, tracker: MMDetBaseTracker) -> None:
        name = type(tracker).__name__
        self._refusal = (
            f'MMDetTracker: {name} asks the model around it for {{!r}}, and there is '
            'none here: only motion, and reid, which answers from detections.embeddings'
        )
        self.motion = getattr(tracker, 'motion', None)
        self.reid = _GivenEmbeddings(tracker)
        self.image = _NoImage(name)


class _NoImage(_Refusing):
    """Stands where the image would be; may be passed on, but not looked at."""

    def __init__(self, name: str) -> None:
        self._refusal = (
            f'MMDetTracker: {name} looks at the image (img.{{}}); here it is given '
            'detections and their embeddings alone'
        )

    def clone(self) -> _NoImage:
        return self


class _GivenEmbeddings:
    """Stands where the ReID network would be: looks up what was given."""

    def __init__(self, tracker: MMDetBaseTracker) -> None:
        self._tracker = tracker
        # As mmdet asks: ``reid.head.out_channels`` is the width of an answer without
        # rows, which nobody reads.
        self.head = self
        self.out_channels = 0
        if getattr(tracker, 'reid', None) is not None:
            # No crop is cut: nothing to normalise. A copy, since mmdet's is shared.
            tracker.reid = {**tracker.reid, 'img_norm_cfg': None}

    def look_at(
        self, det_instances: InstanceData, embeddings: np.ndarray | None
    ) -> None:
        """Take the next frame's instances and their embeddings (N, D)."""
        self._given, self._embeddings = det_instances, embeddings

    def crop(
        self, image: _NoImage, metainfo: dict, boxes: Tensor, rescale: bool
    ) -> Tensor:
        """In the place of mmdet's ``crop_imgs``: rows (K,) instead of crops of boxes."""
        import torch

        rows = self._given.scores > self._tracker.obj_score_thr
        if not torch.equal(self._given.bboxes[rows], boxes):
            raise NotImplementedError(
                f'MMDetTracker: {type(self._tracker).__name__} asks for the appearance '
                'of other boxes than the detections above its obj_score_thr, and only '
                'detections have embeddings'
            )
        return self._given[ROW][rows]

    def __call__(self, rows: Tensor, mode: str) -> Tensor:
        """The embeddings (K, D) of rows (K,)."""
        if self._embeddings is None:
            raise ValueError(
                f'MMDetTracker: {type(self._tracker).__name__} compares appearance, but '
                'the detections have no embeddings. Give the pipeline a ReID part '
                '(model.reid), or build the tracker with reid=None.'
            )
        return rows.new_tensor(
            self._embeddings[rows.numpy()], dtype=self._given.bboxes.dtype
        )


def _instances(detections: Detections) -> InstanceData:
    """Detections as mmdet's detectors give them, with the row as a field."""
    import torch
    from mmengine.structures import InstanceData

    det_instances = InstanceData(
        bboxes=torch.from_numpy(detections.boxes.astype(np.float32)),
        scores=torch.from_numpy(detections.scores.astype(np.float32)),
        labels=torch.from_numpy(detections.labels.astype(np.int64)),
    )
    det_instances.set_field(torch.arange(len(detections)), ROW)
    return det_instances


def _sample(det_instances: InstanceData, frame_count: int, frame: Frame | None) -> Any:
    from mmdet.structures import DetDataSample

    metainfo = {'frame_id': frame_count, 'scale_factor': (1.0, 1.0)}
    video = None if frame is None else frame.video
    if video is not None and video.width and video.height:
        size = (video.height, video.width)
        metainfo.update(ori_shape=size, img_shape=size)
    sample = DetDataSample(metainfo=metainfo)
    sample.pred_instances = det_instances
    return sample


def _tracks(
    detections: Detections, det_instances: InstanceData, track_instances: InstanceData
) -> Tracks:
    """What mmdet found in our terms: ids from 1, rows of the detections."""
    ids, labels, boxes, scores = (
        track_instances[name].cpu().numpy()
        for name in ('instances_id', 'labels', 'bboxes', 'scores')
    )
    rows = (
        track_instances[ROW].cpu().numpy()
        if ROW in track_instances
        else _equal_rows(det_instances, track_instances)
    )
    took = rows >= 0
    boxes, scores = boxes.astype(np.float64), scores.astype(np.float64)
    boxes[took], scores[took] = (
        detections.boxes[rows[took]],
        detections.scores[rows[took]],
    )
    return Tracks(
        ids=ids.astype(np.int64) + 1,  # mmdet counts from 0
        boxes=boxes,
        scores=scores,
        labels=labels.astype(np.int64),
        det_index=rows.astype(np.int64),
    )


def _equal_rows(
    det_instances: InstanceData, track_instances: InstanceData
) -> np.ndarray:
    """(M,) the detection that each track equals, each detection once; or -1."""
    rows_of: dict[tuple, deque[int]] = defaultdict(deque)
    for row, key in enumerate(_keys(det_instances)):
        rows_of[key].append(row)
    rows = [
        rows_of[key].popleft() if rows_of[key] else -1 for key in _keys(track_instances)
    ]
    return np.array(rows, np.int64)


def _keys(instances: InstanceData) -> list[tuple]:
    columns = (instances.bboxes, instances.scores[:, None], instances.labels[:, None])
    table = np.concatenate([c.cpu().numpy() for c in columns], axis=1, dtype=np.float64)
    return [tuple(row) for row in table.tolist()]
