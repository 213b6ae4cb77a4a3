"""Things appear where the script puts them, in the colour it gives them."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.synsmot import render
from mmsmot.datasets.synsmot.checks.clip_evidence import clip_color_mask
from mmsmot.datasets.synsmot.script import ScriptedProp, ScriptedPropSpan


@pytest.mark.parametrize('kind', ['ball', 'box'])
def test_a_thing_at_rest_is_seen_at_its_place(play, kind):
    thing = ScriptedProp(
        kind, 'yellow', (ScriptedPropSpan(0, 9, 'rest', begin=(1.2, 6.5, 0.16)),)
    )
    bare = next(render.render_clip(play((-1.0, 6.5)))).image
    seen = next(render.render_clip(play((-1.0, 6.5), things=(thing,)))).image
    changed = clip_color_mask(seen, 'yellow') & ~clip_color_mask(bare, 'yellow')
    ys, xs = np.nonzero(changed)
    assert 20 < len(xs) < 400
    # 320 pixels wide, so 320 / 6.5 pixels a metre, from the middle.
    assert xs.mean() == pytest.approx(160 + 1.2 * 320 / 6.5, abs=3)
    assert ys.mean() == pytest.approx(0.15 * 192 + (2.43 - 0.16) * 320 / 6.5, abs=5)


def test_a_thing_changes_hands(play):
    """Till frame 1 with the left person, then with the right one."""
    spans = (ScriptedPropSpan(0, 1, 'hands', 1), ScriptedPropSpan(1, 9, 'hands', 2))
    script = play(
        (-1.5, 6.5), (1.5, 6.5), things=(ScriptedProp('box', 'yellow', spans),)
    )
    middles = []
    for seen in render.render_clip(script):
        _, xs = np.nonzero(clip_color_mask(seen.image, 'yellow')[60:])
        middles.append(float(np.median(xs)))
    assert middles[0] == pytest.approx(160 - 1.5 * 320 / 6.5, abs=8)
    assert middles[1] == pytest.approx(160 + 1.5 * 320 / 6.5, abs=8)


def test_held_things_are_no_part_of_the_box(play):
    bare = next(render.render_clip(play((0.0, 6.5))))
    box = ScriptedProp('box', 'yellow', (ScriptedPropSpan(0, 9, 'hands', 1),))
    held = next(render.render_clip(play((0.0, 6.5), things=(box,))))
    assert held.boxes[0].tolist() == bare.boxes[0].tolist()
    assert held.visibility[0] < bare.visibility[0] == pytest.approx(1.0)
