"""Preprocessing of MOTChallenge: the boxes of truth and result that are not scored."""

from __future__ import annotations

import logging
import re

import numpy as np
from mmengine.logging import print_log

from ..structures import Trajectories, VideoInfo
from ..structures.mot_classes import FIRST_OTHER, MOT_CLASSES, PEDESTRIAN

CLASSES = range(1, len(MOT_CLASSES) + 1)
AUTO = 'auto'

# person on vehicle, static person, distractor, reflection
_MOT17_DISTRACTORS = (2, 7, 8, 12)
# Distractor classes of each benchmark; None: the truth has no classes.
PREPROCESSING: dict[str, tuple[int, ...] | None] = {
    'none': None,
    'mot15': None,
    'mot16': _MOT17_DISTRACTORS,
    'mot17': _MOT17_DISTRACTORS,
    'mot20': (*_MOT17_DISTRACTORS, 6),  # 6: non-motorised vehicle
}
CROWD = MOT_CLASSES.index('crowd') + 1  # in MOT20's truth alone
_MOT20_NAME = re.compile(r'(?<![a-z0-9])mot20(?![a-z0-9])', re.IGNORECASE)
_EPS = np.finfo(float).eps


def require_preprocessing(name: str) -> None:
    """Raise ``ValueError`` unless there is a preprocessing of that name."""
    names = [AUTO, *PREPROCESSING]
    if name not in names:
        raise ValueError(f'unknown preprocessing {name!r}; known: {", ".join(names)}')


def preprocessing_for(
    name: str, gt: Trajectories, video: VideoInfo | None = None
) -> str:
    """What ``'auto'`` means for this truth; any other name stays.

    Args:
        name: A key of :data:`PREPROCESSING`, or ``'auto'``: ``'mot15'`` where the truth
            has no class column, ``'mot20'`` where the video or its folder is called so
            or the truth has MOT20's class 13, else ``'mot17'``.
        gt: The whole truth of a video.
        video: Which video it is.

    Raises:
        ValueError: There is no such preprocessing.
    """
    require_preprocessing(name)
    if name != AUTO:
        return name
    if not (gt.labels > 0).any():
        return 'mot15'
    names = '' if video is None else f'{video.name} {video.path}'
    is_mot20 = _MOT20_NAME.search(names) or (gt.labels == CROWD).any()
    return 'mot20' if is_mot20 else 'mot17'


def distractor_classes(name: str, gt: Trajectories) -> tuple[int, ...] | None:
    """The classes whose boxes excuse a prediction, ``None`` where all count.

    Args:
        name: See :func:`preprocessing_for`.
        gt: The truth.

    Raises:
        ValueError: There is no such preprocessing, or the truth's classes are not
            MOTChallenge's.
    """
    distractors = PREPROCESSING[preprocessing_for(name, gt)]
    if distractors is not None:
        foreign_classes = np.setdiff1d(gt.labels[gt.labels < FIRST_OTHER], CLASSES)
        if len(foreign_classes):
            raise ValueError(
                f"preprocessing {name!r} needs MOTChallenge's classes 1 to 13 in the "
                f'truth, got {foreign_classes[:10].tolist()}. Where the truth has no '
                "classes or others, and every box counts, choose preprocessing='none'."
            )
    return distractors


def preprocessed_gt(
    gt: Trajectories, preprocessing: str, video: VideoInfo | None = None
) -> np.ndarray:
    """The true boxes that count; a video whose boxes all do not is logged.

    Args:
        gt: The truth.
        preprocessing: A key of :data:`PREPROCESSING`.
        video: Which video it is, for the log.

    Returns:
        (R,) mask.
    """
    is_flagged = gt.scores != 0
    is_counted = is_flagged
    if PREPROCESSING[preprocessing] is not None:
        is_counted = is_flagged & (gt.labels == PEDESTRIAN)
    if len(gt) and not is_counted.any():
        name = 'a video' if video is None else video.name
        reason = _why_none_counts(gt, is_flagged, preprocessing)
        print_log(
            f'{name}: none of {len(gt)} true boxes counts: {reason}',
            logger='current',
            level=logging.WARNING,
        )
    return is_counted


def _why_none_counts(
    gt: Trajectories, is_flagged: np.ndarray, preprocessing: str
) -> str:
    if not is_flagged.any():
        return (
            'the flag (seventh column of gt.txt) of all is 0, "ignore". Where it stands '
            'for something else, write 1 there.'
        )
    classes, counts = np.unique(gt.labels[is_flagged], return_counts=True)
    boxes = ', '.join(f'{n} of class {c}' for c, n in zip(classes, counts, strict=True))
    return (
        f'there are {boxes}, and preprocessing {preprocessing!r} wants pedestrians, '
        f"class {PEDESTRIAN}. Where every box counts, choose preprocessing='none'; where "
        'classes have other numbers, name them in a labels.txt beside gt.txt, line k for '
        'class k.'
    )


def distractor_matches(similarity: np.ndarray, is_distractor: np.ndarray) -> np.ndarray:
    """The predictions that lie on a distractor, one to one and at IoU .5.

    Args:
        similarity: (N, M) IoU of all true boxes of a frame, whatever their class and
            flag, with the predictions.
        is_distractor: (N,) mask of the true boxes.

    Returns:
        (M,) mask.
    """
    mask = np.zeros(similarity.shape[1], bool)
    if similarity.size and is_distractor.any():
        from scipy.optimize import linear_sum_assignment  # here: slow to import

        scores = np.where(similarity < 0.5 - _EPS, 0, similarity)
        rows, columns = linear_sum_assignment(-scores)
        matched = scores[rows, columns] > _EPS
        mask[columns[matched & is_distractor[rows]]] = True
    return mask
