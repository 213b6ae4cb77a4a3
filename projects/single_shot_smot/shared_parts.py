"""Parts that several models use on the same frames, each computed once."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from mmsmot.models.detectors import BaseDetector, MMDetDetector
from mmsmot.models.estimators import BaseEstimator
from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.structures import Detections, Frame
from mmsmot.structures.feature_maps import FeatureMaps

from .box_motion import FarnebackMotion
from .random_embeddings import RandomEmbeddings
from .second_stage import Redetection, SecondStage

# Results that a memo holds. Models follow each other within a batch of 8 frames of a video.
FRAMES = 16  # two batches
# Batches: Faster R-CNN's inputs and maps of 8 frames of 320 x 180 pixels are 10 MB.
FEATURE_BATCHES = 2
EMBEDDINGS = 256  # of two batches and 16 models, each with its own boxes


class Memo:
    """The results of the last calls, by the identity of what they are of.

    Args:
        size: Results that it holds.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._results: OrderedDict[tuple, tuple[tuple, Any]] = OrderedDict()

    def get(
        self, objects: tuple, compute: Callable[[], Any], key: Hashable = None
    ) -> Any:
        """A result, computed where it is not there.

        Args:
            objects: What it is of. They are held, so that an address is not used again
                while it is a key.
            compute: Gives it.
            key: What else it is of.
        """
        whole_key = (*map(id, objects), key)
        if whole_key not in self._results:
            self._results[whole_key] = objects, compute()
            if len(self._results) > self.size:
                self._results.popitem(last=False)
        return self._results[whole_key][1]


class SharedFlow(FarnebackMotion):
    """The flow of a pair of frames, computed once for all models.

    Args:
        side: See :class:`~projects.single_shot_smot.box_motion.FlowMotion`.
    """

    def __init__(self, *, side: int = 256) -> None:
        super().__init__(side=side)
        self._prepared, self._flows = Memo(FRAMES), Memo(FRAMES)

    def prepare(self, image: np.ndarray) -> np.ndarray:
        prepare = super().prepare
        return self._prepared.get((image,), lambda: prepare(image))

    def flow(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        flow = super().flow
        return self._flows.get((previous, current), lambda: flow(previous, current))


class SharedCameraMotion(CameraMotion):
    """The camera's motion to a frame, computed once for all models.

    All models see every frame in the same order, so that the frame before is the same.

    Args:
        motion: Estimates it, from whole frames.
    """

    def __init__(self, motion: CameraMotion) -> None:
        self.motion = copy.deepcopy(motion)
        self._warps = Memo(FRAMES)

    def __deepcopy__(self, memo: dict) -> SharedCameraMotion:
        return self  # a state's copy is the same memo

    def reset(self) -> None:
        self.motion.reset()

    def estimate(
        self, frame: np.ndarray, boxes: np.ndarray | None = None
    ) -> np.ndarray | None:
        if boxes is not None:
            raise ValueError('SharedCameraMotion: it is of whole frames, without boxes')
        return self._warps.get((frame,), lambda: self.motion.estimate(frame))

    def _register(self, previous, gray, mask):
        return self.motion._register(previous, gray, mask)


class SharedTwoStage(BaseDetector):
    """A two-stage detector whose first pass over a frame serves all models.

    Args:
        detector: mmdet's Faster R-CNN in eval mode.
    """

    def __init__(self, detector: MMDetDetector) -> None:
        self.detector = detector
        self._second_stage = SecondStage(detector)
        self._fingerprint = detector.fingerprint
        self._features, self._detections = Memo(FEATURE_BATCHES), Memo(FEATURE_BATCHES)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return self.detect_in(self.extract(frames))

    def extract(self, frames: Sequence[Frame]) -> FeatureMaps:
        return self._features.get(tuple(frames), lambda: self.detector.extract(frames))

    def detect_in(self, features: FeatureMaps) -> list[Detections]:
        detect_in = self.detector.detect_in
        return self._detections.get((features,), lambda: detect_in(features))

    def regress_in(
        self,
        features: FeatureMaps,
        boxes: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
    ) -> list[Redetection]:
        return self._second_stage.regress_in(features, boxes, labels)


class SharedEmbeddings(BaseReID):
    """The embeddings of the same boxes of a frame, computed once for all models.

    Args:
        reid: A part whose embeddings depend on image and boxes alone.
    """

    def __init__(self, reid: BaseReID) -> None:
        self.reid = reid
        self._fingerprint = reid.fingerprint
        self._embeddings = Memo(EMBEDDINGS)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        embed = self.reid.embed
        key = np.asarray(boxes).tobytes()
        return self._embeddings.get((image,), lambda: embed(image, boxes), key)


class SharedParts:
    """Puts shared parts into models.

    ``model.estimator`` gets one :class:`SharedFlow`, one camera motion and one embedding
    of each kind, where it has such parts; random embeddings stay each model's.
    """

    def __init__(self) -> None:
        self._flows: dict[int, SharedFlow] = {}
        self._camera_motions: dict[str, SharedCameraMotion] = {}
        self._reids: dict[str, SharedEmbeddings] = {}

    def put_into(self, estimator: BaseEstimator) -> None:
        """Replace an estimator's parts."""
        motion = getattr(estimator, 'motion', None)
        if isinstance(motion, FarnebackMotion):
            estimator.motion = self._flows.setdefault(
                motion.side, SharedFlow(side=motion.side)
            )
        motion = getattr(estimator, 'camera_motion', None)
        if motion is not None:
            options = f'{type(motion).__name__} {vars(motion)}'
            estimator.camera_motion = self._camera_motions.setdefault(
                options, SharedCameraMotion(motion)
            )
        reid = getattr(estimator, 'reid', None)
        if reid is not None and not isinstance(reid, RandomEmbeddings):
            estimator.reid = self._reids.setdefault(
                reid.fingerprint, SharedEmbeddings(reid)
            )
