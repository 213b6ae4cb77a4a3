"""Standard errors against those of known distributions."""

from __future__ import annotations

import pytest

from projects.single_shot_smot.bootstrap import paired_errors, standard_errors


def results(idf1: list[int], transfers: int = 0) -> list:
    """A video each, of the same size, with IDF1 0 or 1."""
    clear = dict(CLR_TP=10, CLR_FN=0, CLR_FP=0, IDSW=0)
    identity = [dict(IDTP=10 * k, IDFN=10 - 10 * k, IDFP=10 - 10 * k) for k in (0, 1)]
    return [
        (f'{k:03d}', dict(CLEAR=clear, Identity=identity[value]), transfers * k)
        for k, value in enumerate(idf1)
    ]


def test_standard_errors_are_those_of_independent_videos() -> None:
    """IDF1 of n videos, each 0 or 1 at the same size: a binomial."""
    errors = standard_errors(results([0, 1] * 50, transfers=1))
    assert errors['MOTA error'] == 0
    assert errors['IDF1 error'] == pytest.approx(5, rel=0.1)  # sqrt(.25 / 100)
    # 100 draws of 0, 1, ..., 99: sqrt(100 (100^2 - 1) / 12)
    assert errors['transfers error'] == pytest.approx(288.7, rel=0.1)


def test_a_pair_of_rows_is_compared_video_by_video() -> None:
    """Rows that differ in one video of 100; the order of the videos does not matter."""
    rows = results([0, 1] * 50)
    better_rows = results([1, 1] + [0, 1] * 49)[::-1]
    assert paired_errors(rows, rows)['IDF1 diff error'] == 0
    errors = paired_errors(better_rows, rows)
    assert errors['IDF1 diff error'] == pytest.approx(1, rel=0.1)  # of 1 point
    with pytest.raises(ValueError, match='of different videos'):
        paired_errors(rows, rows[1:])
