"""Colours of tops with actions: what the captions of a split must not show together."""

from __future__ import annotations

from .claims import ActionClaim, AppearanceClaim
from .clip_evidence import ClipEvidence
from .findings import Findings

# Deeds with the colour in which test alone shows them, and the colour that training leaves
# to val. Listed here a second time, so that another rule in the generator is found.
_HELD_OUT: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (('walk', 'jump', 'hold', 'flee', 'catch'), 'red', 'blue'),
    (('come back', 'clap', 'be led', 'hug', 'point'), 'orange', 'purple'),
    (('push a cart', 'drink', 'approach'), 'yellow', 'pink'),
    (('dance together', 'applaud'), 'yellow', 'pink'),
    (('wave', 'stretch', 'chase', 'throw'), 'green', 'white'),
    (('walk out', 'dance', 'follow', 'push', 'receive box'), 'blue', 'black'),
    (('carry', 'phone', 'accompany', 'talk', 'watch'), 'purple', 'gray'),
    (('sit', 'dribble', 'leave', 'receive ball'), 'pink', 'red'),
    (('run', 'crouch', 'stumble', 'dodge', 'give'), 'white', 'orange'),
    (('ride', 'exercise', 'lead', 'shake hands', 'greet'), 'black', 'yellow'),
    (('stand', 'pick up', 'approach box', 'pass', 'photograph'), 'gray', 'green'),
)
HELD_OUT: dict[str, dict[str, str]] = {
    'test': {action: color for actions, color, _ in _HELD_OUT for action in actions},
    'val': {action: color for actions, _, color in _HELD_OUT for action in actions},
}


def claimed_combination(doing: ActionClaim) -> str:
    """Key in :data:`HELD_OUT`: to approach or receive differs by what is carried."""
    by_thing = doing.thing and doing.name in ('approach', 'receive')
    return f'{doing.name} {doing.thing}' if by_thing else doing.name


def check_combinations(
    clip: ClipEvidence,
    found: Findings,
    person: int,
    look: AppearanceClaim,
    doings: list[ActionClaim],
) -> None:
    """No action in a colour that is held out for another split.

    A dataset without ``val/`` was made when nothing was held out for val.
    """
    root, split = clip.folder.absolute().parents[2], clip.folder.absolute().parts[-3]
    for kept_for, shown_in in (('test', ('train', 'val')), ('val', ('train',))):
        if split not in shown_in or not (kept_for == 'test' or (root / 'val').is_dir()):
            continue
        for action in map(claimed_combination, doings):
            what = f'{clip.name(person)} in {look.top}: {action}, in {split}'
            found.test(
                f'held out for {kept_for}',
                HELD_OUT[kept_for][action] != look.top,
                clip.folder,
                what,
            )
