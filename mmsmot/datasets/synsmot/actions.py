"""The actions: which move, which name an interaction, which need what things."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """One thing a person can do.

    Attributes:
        name: Key of the pose (``solo_poses.SOLO_POSES``, ``pair_poses.PAIR_POSES``).
        verb: Interaction from BenSMOT's vocabulary that doing it with a partner is,
            ``''`` for none.
        pace: ``walk`` or ``run`` for what gets somewhere, ``''`` for on the spot.
    """

    name: str
    verb: str = ''
    pace: str = ''


_SOLO = (
    Action('walk', pace='walk'),
    Action('run', pace='run'),
    Action('walk_out', pace='walk'),
    Action('come_back', pace='walk'),
    Action('ride', pace='run'),
    Action('carry', pace='walk'),
    Action('push_cart', pace='walk'),
    Action('stand'),
    Action('sit'),
    Action('wave'),
    Action('jump'),
    Action('crouch'),
    Action('dance'),
    Action('clap'),
    Action('exercise'),
    Action('phone'),
    Action('drink'),
    Action('pick_up'),
    Action('dribble'),
    Action('stretch'),
    Action('hold_box'),
    Action('stumble', pace='walk'),
)
_PAIR = (
    Action('follow', 'follow.v.01', 'walk'),
    Action('led', 'follow.v.01', 'walk'),
    Action('lead', 'lead.v.01', 'walk'),
    Action('accompany', 'accompany.v.02', 'walk'),
    Action('approach', 'approach.v.01', 'walk'),
    Action('bring', 'approach.v.01', 'walk'),
    Action('leave', 'leave.v.01', 'walk'),
    Action('chase', 'chase.v.01', 'run'),
    Action('flee', 'flee.v.01', 'run'),
    Action('dodge', 'dodge.v.01'),
    Action('push', 'push.v.01'),
    Action('hug', 'embrace.v.02'),
    Action('shake_hands', 'handshake.n.01'),
    Action('talk', 'talk.v.01'),
    Action('dance_with', 'dance.v.01'),
    Action('pass_ball', 'pass.v.05'),
    Action('receive_ball', 'receive.v.01'),
    Action('throw_ball', 'throw.v.01'),
    Action('catch_ball', 'catch.v.04'),
    Action('give', 'give.v.03'),
    Action('receive_box', 'receive.v.01'),
    Action('point', 'indicate.v.02'),
    Action('wave_to', 'beckon.v.01'),
    Action('watch', 'look.v.01'),
    Action('applaud', 'applaud.v.01'),
    Action('photograph', 'photograph.v.01'),
)
ACTIONS: dict[str, Action] = {action.name: action for action in (*_SOLO, *_PAIR)}
# Both sides do it: annotated in both directions.
SYMMETRIC = frozenset({'hug', 'shake_hands', 'talk', 'dance_with', 'accompany'})
# What somebody is seen to do whose ball, box or cart is hidden all the while.
WITHOUT_THING = {
    'dribble': 'stand',
    'hold_box': 'stand',
    'carry': 'walk',
    'push_cart': 'walk',
}
