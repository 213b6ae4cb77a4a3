"""The caption of a video."""

from __future__ import annotations

import pytest

from mmsmot.models.kinematics.crowd_caption import CrowdSummary, video_caption
from mmsmot.models.kinematics.grammar import GrammarSpeaker


@pytest.mark.parametrize(
    ('count', 'shares', 'expected'),
    [
        (0, {}, 'Nobody is tracked for long in this video.'),
        (1, {'left': 1.0}, 'at least one person'),
        (3, {'left': 0.7}, 'Most of the time they walk to the left.'),
        (3, {'still': 0.7}, 'Most of the time they stay in place.'),
        (
            3,
            {'left': 0.3, 'away': 0.3, 'still': 0.2},
            'They walk to the left and away from the camera and stay in place for some '
            'time.',
        ),
    ],
)
def test_videos(count: int, shares: dict, expected: str) -> None:
    text = video_caption(CrowdSummary(count, shares, is_walk=True), GrammarSpeaker(1))
    assert expected.lower() in text.lower()
    assert '  ' not in text
    if count > 1:
        assert 'at least three people' in text.lower()
        assert 'at the same time' in text


@pytest.mark.parametrize(
    ('shares', 'expected'),
    [
        ({'still': 0.9}, 'Most of the time somebody stays in place.'),
        ({'left': 0.9}, 'Most of the time somebody walks to the left.'),
        (
            {'left': 0.3, 'still': 0.3},
            'Somebody walks to the left and stays in place for some time.',
        ),
    ],
)
def test_the_video_of_one_person(shares: dict, expected: str) -> None:
    text = video_caption(CrowdSummary(1, shares, True), GrammarSpeaker(1))
    assert text.endswith(expected)
