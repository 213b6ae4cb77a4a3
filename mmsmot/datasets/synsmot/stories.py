"""All main plots: what a clip is about. Their order is that of the clips."""

from __future__ import annotations

from collections.abc import Callable

from .audiences import (
    applauding,
    greeting,
    photographing,
    pointing,
    watching,
)
from .ball_games import (
    passing_a_ball,
    throwing_a_ball,
)
from .meetings import (
    dancing,
    giving,
    hugging,
    pushing,
    shaking_hands,
    talking,
)
from .pursuits import (
    chasing,
    dodging,
    following,
    leading,
    strolling,
)
from .storyboard import Board

STORIES: dict[str, Callable[[Board], None]] = {
    f.__name__: f
    for f in (
        hugging,
        shaking_hands,
        talking,
        dancing,
        pushing,
        following,
        leading,
        strolling,
        chasing,
        dodging,
        passing_a_ball,
        throwing_a_ball,
        giving,
        applauding,
        watching,
        photographing,
        pointing,
        greeting,
    )
}
