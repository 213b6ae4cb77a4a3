"""What MOTChallenge leaves out of truth and result before it scores them."""

from __future__ import annotations

import numpy as np

from ..structures import Trajectories

PEDESTRIAN = 1
CLASSES = range(1, 14)
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
_EPS = np.finfo(float).eps


def require_known(name: str) -> None:
    """Raise ``ValueError`` unless there is a preprocessing of that name."""
    known = [AUTO, *PREPROCESSING]
    if name not in known:
        raise ValueError(f'unknown preprocessing {name!r}; known: {", ".join(known)}')


def preprocessing_for(name: str, gt: Trajectories) -> str:
    """What ``'auto'`` means for this truth; any other name stays.

    Args:
        name: A key of :data:`PREPROCESSING`, or ``'auto'``: ``'mot17'`` where the truth
            has a class column, else ``'mot15'``.
        gt: The whole truth of a video.

    Raises:
        ValueError: There is no such preprocessing.
    """
    require_known(name)
    if name != AUTO:
        return name
    return 'mot17' if (gt.labels > 0).any() else 'mot15'


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
        strange = np.setdiff1d(gt.labels, CLASSES)
        if len(strange):
            raise ValueError(
                f"preprocessing {name!r} needs MOTChallenge's classes 1 to 13 in the "
                f'truth, got {strange[:10].tolist()}. Where the truth has no classes or '
                "others, and every box counts, choose preprocessing='none'."
            )
    return distractors


def on_distractors(similarity: np.ndarray, is_distractor: np.ndarray) -> np.ndarray:
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
