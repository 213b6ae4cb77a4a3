"""When a motion is sure."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...utils.number_ranges import NON_NEGATIVE, POSITIVE, require_numbers


@dataclass(frozen=True, kw_only=True)
class MotionOptions:
    """When a motion is sure; lengths in body heights, times in seconds.

    Attributes:
        smoothing: Standard deviation of the weights that smooth positions.
        depth_smoothing: The same of sizes.
        depth_noise: Speed of the feet up or down in the image, and relative growth a
            second, that are taken for noise.
        move_speed: Who is faster moves.
        still_speed: Who is slower stays; between the two it goes on as before.
        min_still: A stop takes so long at least.
        min_travel: Who gets less far does not move.
        max_sway: Who gets further does not stay.
        turn_tolerance: Ways that stay so near to a straight line are one.
        min_path: The parts between two turns are so long at least.
        lateral_travel: "To the left" or "to the right" goes so far at least.
        min_growth: Of the box's height (its logarithm) on the way to the camera, at least,
            or from it.
        slow_speed: Who walks slower is slow.
        fast_speed: Who moves faster is fast, and runs if the legs show it.
        run_limit: Nobody runs faster in the street; what does is a vehicle.
        gait_ratio: Change of the legs' pixels by that of the torso's, from which on
            somebody is known to use the legs.
        upright_aspect: Width by height of the box, at most, of somebody upright.
        jump_speed, jump_travel: A box that gets further than the second and as fast as the
            first from one sample to the next is on somebody else.
        max_gap: After a longer time without a box a track must go on as it went, or it is
            somebody else.
        min_duration: In less time nobody stays.
    """

    smoothing: float = 0.4
    depth_smoothing: float = 0.8
    depth_noise: float = 0.04
    move_speed: float = 0.35
    still_speed: float = 0.18
    min_still: float = 1.5
    min_travel: float = 0.6
    max_sway: float = 0.4
    turn_tolerance: float = 0.7
    min_path: float = 1.2
    lateral_travel: float = 0.6
    min_growth: float = 0.12
    slow_speed: float = 0.4
    fast_speed: float = 1.6
    run_limit: float = 3.5
    gait_ratio: float = 1.6
    upright_aspect: float = 0.48
    jump_speed: float = 5.0
    jump_travel: float = 0.6
    max_gap: float = 0.4
    min_duration: float = 0.7

    def __post_init__(self) -> None:
        names = [part.name for part in fields(self)]
        values = {name: getattr(self, name) for name in names}
        zero = ('depth_noise', 'min_duration')
        require_numbers(
            'MotionOptions', NON_NEGATIVE, **{name: values.pop(name) for name in zero}
        )
        require_numbers('MotionOptions', POSITIVE, **values)
