"""The other people of a clip: passers-by, people busy on the spot, distractors."""

from __future__ import annotations

import math

from .ball_plots import BALL_COLORS
from .meeting_plots import BOX_COLORS
from .script import ScriptedPropSpan
from .storyboard import Storyboard, StoryboardRole

ON_THE_SPOT = (
    'stand',
    'wave',
    'jump',
    'crouch',
    'dance',
    'clap',
    'exercise',
    'phone',
    'drink',
    'stretch',
)
CART_COLORS = ('gray', 'red', 'blue', 'green')


def add_bystander(board: Storyboard, num_frames: int) -> None:
    """One or two more people who have nothing to do with the main story."""
    kinds = (
        'busy',
        'busy',
        'passer',
        'passer',
        'returner',
        'rider',
        'sitter',
        'picker',
        'dribbler',
        'carter',
        'strangers',
        'crossing',
    )
    kind = board.pick(*kinds)
    _ADD[kind](board, num_frames)


def _depth(board: Storyboard) -> float:
    """Away from the story's depth, mostly behind it."""
    if board.chance(0.25) and board.depth > 6.6:
        return board.uniform(5.2, board.depth - 1.2)
    return board.uniform(min(board.depth + 1.3, 9.4), 10.6)


def _spot(board: Storyboard, z: float) -> float:
    """An x where nobody of this depth stands; nearer than the story only at the sides."""
    half = z / 2 - 0.5
    for _ in range(20):
        x = board.uniform(-half, half)
        aside = abs(x) > 0.55 * half or z > board.depth
        if aside and all(math.dist(place, (x, z)) > 1.3 for place in _stops(board)):
            break
    return x


def _stops(board: Storyboard) -> list[tuple[float, float]]:
    return [s.finish for r in board.roles for s in r.states] + [
        r.place for r in board.roles
    ]


def _busy(board: Storyboard, num_frames: int) -> None:
    """One to three things after each other."""
    z = _depth(board)
    role = _alone(board, _spot(board, z), z)
    count = board.pick(1, 2, 2, 3) if num_frames >= 30 else board.pick(1, 2)
    doings = list(board.rng.permutation(ON_THE_SPOT)[:count])
    if count > 1 and board.chance(0.4):
        doings[0] = 'walk'
    for index, action in enumerate(doings):
        left = num_frames - role.clock
        frames = left if index == count - 1 else max(8, left // (count - index))
        if action == 'walk':
            sign = board.pick(-1, 1)
            start = role.place[0] - sign * frames / board.fps * 1.0
            role.place = (round(start, 3), role.place[1])
            role.move('walk', (start + sign * frames / board.fps, z), frames)
        else:
            role.stay(str(action), frames, heading=board.facing_us())


def _alone(board: Storyboard, x: float, z: float) -> StoryboardRole:
    return board.role(board.side * x, z)


def _passer(board: Storyboard, num_frames: int) -> None:
    """Walks or runs through the image, or to a stop."""
    z = _depth(board)
    sign = board.pick(-1, 1)
    pace = board.pick('walk', 'walk', 'run')
    half = z / 2
    role = _alone(board, -sign * half * board.uniform(0.5, 1.0), z)
    speed = board.uniform(0.95, 1.25) if pace == 'walk' else board.uniform(2.2, 2.7)
    frames = num_frames if pace == 'walk' else round((half * 1.3) / speed * board.fps)
    frames = min(frames, num_frames)
    if frames > num_frames - 8:
        frames = num_frames
    if board.chance(0.5) and num_frames >= 24:
        frames = min(frames, num_frames - 10)
    to = role.place[0] + sign * speed * frames / board.fps
    drift = board.uniform(-0.5, 0.5)
    role.move(pace, (to, z + drift), frames)
    if num_frames - frames >= 7:
        action = board.pick('stand', 'wave', 'crouch', 'phone', 'stretch', 'drink')
        role.stay(action, num_frames - frames, heading=board.facing_us())


def _returner(board: Storyboard, num_frames: int) -> None:
    """Leaves the image and comes back."""
    z = board.uniform(max(board.depth + 1.2, 7.5), 10.4)
    sign = board.pick(-1, 1)
    speed = 1.25
    half = z / 2
    first = round(num_frames * board.uniform(0.42, 0.5))
    reach = half + board.uniform(0.45, 0.7)
    role = _alone(board, sign * (reach - speed * first / board.fps), z)
    role.move('walk_out', (sign * reach, z), first)
    rest = num_frames - first
    role.move('come_back', (sign * (reach - speed * rest / board.fps), z), rest)


def _rider(board: Storyboard, num_frames: int) -> None:
    z = board.uniform(max(board.depth + 1.2, 7.5), 10.4)
    sign = board.pick(-1, 1)
    speed = board.uniform(1.9, 2.4)
    wait = board.frames(0, max(0, num_frames - 24))
    role = _alone(board, -sign * (z / 2 - 0.4 + wait / board.fps * speed), z)
    way = speed * num_frames / board.fps
    role.move('ride', (role.place[0] + sign * way, z), num_frames)
    board.thing(
        'bicycle',
        board.pick('red', 'blue', 'black'),
        ScriptedPropSpan(0, 9999, 'under', role.id),
    )


def _sitter(board: Storyboard, num_frames: int) -> None:
    """On a bench; perhaps gets up."""
    z = board.uniform(max(board.depth + 1.0, 7.0), 9.8)
    role = _alone(board, _spot(board, z), z)
    heading = -math.pi / 2 + board.pick(-1.05, 1.05, 0.75, -0.75)
    stays = num_frames if board.chance(0.6) else round(0.6 * num_frames)
    place = (*role.place, 0.0)
    role.stay('sit', stays, heading=heading)
    if stays < num_frames:
        role.stay(
            board.pick('stand', 'stretch', 'wave'), num_frames - stays, heading=heading
        )
    board.thing(
        'bench',
        'brown',
        ScriptedPropSpan(0, 9999, 'rest', begin=place),
        heading=heading,
    )


def _picker(board: Storyboard, num_frames: int) -> None:
    """Picks a box up and carries it off."""
    z = _depth(board)
    sign = board.pick(-1, 1)
    x = -sign * board.uniform(0.1, 0.6) * z / 2
    role = _alone(board, x, z)
    heading = 0.0 if sign > 0 else math.pi
    wait = board.frames(6, 8) if num_frames >= 32 and board.chance(0.5) else 0
    if wait:
        role.stay('stand', wait, heading=heading)
    frames = board.frames(9, 11)
    role.stay('pick_up', frames, heading=heading)
    rest = num_frames - role.clock
    role.move('carry', (x + sign * rest / board.fps * 1.0, z), rest)
    grip = wait + frames // 2 + 1
    spot = (x + sign * 0.42, z - 0.02, 0.16)
    board.thing(
        'box',
        board.pick(*BOX_COLORS),
        ScriptedPropSpan(0, grip, 'rest', begin=spot),
        ScriptedPropSpan(grip, 9999, 'hands', role.id),
    )


def _dribbler(board: Storyboard, num_frames: int) -> None:
    z = _depth(board)
    role = _alone(board, _spot(board, z), z)
    heading = board.pick(0.0, math.pi) + board.uniform(-0.3, 0.3)
    role.stay('dribble', num_frames, heading=heading)
    board.thing(
        'ball', board.pick(*BALL_COLORS), ScriptedPropSpan(0, 9999, 'bounce', role.id)
    )


def _carter(board: Storyboard, num_frames: int) -> None:
    z = _depth(board)
    sign = board.pick(-1, 1)
    role = _alone(board, -sign * board.uniform(0.3, 0.9) * z / 2, z)
    way = sign * board.uniform(0.85, 1.1) * num_frames / board.fps
    role.move('push_cart', (role.place[0] + way, z), num_frames)
    board.thing(
        'cart', board.pick(*CART_COLORS), ScriptedPropSpan(0, 9999, 'ahead', role.id)
    )


def _strangers(board: Storyboard, num_frames: int) -> None:
    """Two who stand near each other, turned away, and do nothing together."""
    z = _depth(board)
    x = _spot(board, z)
    for sign in (-1, 1):
        role = _alone(board, x + sign * 0.55, z + 0.05 * sign)
        heading = (0.0 if sign > 0 else math.pi) - sign * board.uniform(0.2, 0.6)
        action = board.pick('stand', 'stand', 'phone', 'drink')
        role.stay(action, num_frames, heading=heading)


def _crossing(board: Storyboard, num_frames: int) -> None:
    """Two who walk past each other."""
    z = board.uniform(min(board.depth + 1.3, 9.0), 10.2)
    middle = board.uniform(-0.3, 0.3) * z / 2
    for sign in (-1, 1):
        way = board.uniform(0.95, 1.2) * num_frames / board.fps
        start = middle - sign * way / 2
        role = _alone(board, start, z + 0.3 * sign)
        role.move('walk', (start + sign * way, z + 0.3 * sign), num_frames)


_ADD = {
    'busy': _busy,
    'passer': _passer,
    'returner': _returner,
    'rider': _rider,
    'sitter': _sitter,
    'picker': _picker,
    'dribbler': _dribbler,
    'carter': _carter,
    'strangers': _strangers,
    'crossing': _crossing,
}
