"""Short trajectories are left out, whole."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.post_processing import MinTrackLength
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Trajectories


def test_boxes_count_not_the_time_between_them() -> None:
    given = Trajectories(
        [1, 1, 2, 9, 9, 10], [4, 7, 4, 7, 4, 2], np.tile([0.0, 0, 1, 1], (6, 1))
    )
    part = TASK_UTILS.build(dict(type='MinTrackLength', min_frames=3))
    assert part(given).ids.tolist() == [4, 4, 4]
    assert part(given).frame_ids.tolist() == [1, 2, 9]
    assert len(MinTrackLength(min_frames=1)(given)) == 6
    assert len(MinTrackLength(min_frames=4)(given)) == 0


def test_a_short_video_keeps_those_that_are_in_all_of_it() -> None:
    given = Trajectories([1, 3, 3], [4, 4, 7], np.tile([0.0, 0, 1, 1], (3, 1)))
    assert MinTrackLength(min_frames=5)(given, np.array([1, 3])).ids.tolist() == [4, 4]
    assert len(MinTrackLength(min_frames=5)(given, np.array([1, 2, 3, 4, 5]))) == 0


def test_nothing_in_nothing_out() -> None:
    assert len(MinTrackLength()(Trajectories.empty())) == 0


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match='min_frames must be .* 1 or more, got 0'):
        MinTrackLength(min_frames=0)
