"""All main plots: what a clip is about. Their order is that of the clips."""

from __future__ import annotations

from collections.abc import Callable

from .audience_plots import (
    applauding_plot,
    greeting_plot,
    photographing_plot,
    pointing_plot,
    watching_plot,
)
from .ball_plots import (
    passing_a_ball_plot,
    throwing_a_ball_plot,
)
from .meeting_plots import (
    dancing_plot,
    giving_plot,
    hugging_plot,
    pushing_plot,
    shaking_hands_plot,
    talking_plot,
)
from .pursuit_plots import (
    chasing_plot,
    dodging_plot,
    following_plot,
    leading_plot,
    strolling_plot,
)
from .storyboard import Storyboard

PLOTS: dict[str, Callable[[Storyboard], None]] = {
    f.__name__.removesuffix('_plot'): f
    for f in (
        hugging_plot,
        shaking_hands_plot,
        talking_plot,
        dancing_plot,
        pushing_plot,
        following_plot,
        leading_plot,
        strolling_plot,
        chasing_plot,
        dodging_plot,
        passing_a_ball_plot,
        throwing_a_ball_plot,
        giving_plot,
        applauding_plot,
        watching_plot,
        photographing_plot,
        pointing_plot,
        greeting_plot,
    )
}
