"""Boxes, arrows and captions of a frame, truth and predictions alike."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import Interactions
from mmsmot.visualization.semantic_drawer import SemanticDrawer, drawn_verb
from mmsmot.visualization.text_panel import FAINT, LINE_HEIGHT, MARGIN
from mmsmot.visualization.track_drawer import track_color

IDS = np.array([1, 2])
LEFT, RIGHT = [40.0, 60, 70, 150], [220.0, 60, 250, 150]
BOXES = np.array([LEFT, RIGHT])
GRAY = np.full((192, 320, 3), 128, np.uint8)


def count(picture: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((picture == color).all(axis=2).sum())


def interaction(subject: int, other: int, *spans: tuple[int, int]) -> Interactions:
    rows = len(spans)
    starts, ends = zip(*spans, strict=True)
    return Interactions(
        [subject] * rows, [other] * rows, ['push.v.01'] * rows, starts, ends
    )


def changed(interactions: Interactions | None, ids=IDS, boxes=BOXES) -> np.ndarray:
    """(H, W) where the arrow and its verb are."""
    drawer = SemanticDrawer(scale=1)
    without = drawer.draw_scene(GRAY, ids, boxes)
    return (drawer.draw_scene(GRAY, ids, boxes, interactions) != without).any(axis=2)


def test_the_image_is_enlarged_and_the_frame_untouched() -> None:
    frame = GRAY.copy()
    picture = SemanticDrawer().draw(frame, IDS, BOXES)
    assert picture.shape == (384, 640, 3)
    assert (frame == 128).all()
    assert SemanticDrawer().scale_for(1920) == pytest.approx(1280 / 1920)
    assert SemanticDrawer(scale=3).draw(frame, IDS, BOXES).shape == (576, 960, 3)


def test_the_way_of_an_arrow_decides_its_side_and_colour() -> None:
    rightwards = changed(interaction(1, 2, (1, 5)))
    leftwards = changed(interaction(2, 1, (1, 5)))
    assert rightwards[:60].sum() > 300
    assert not rightwards[65:].any()  # no body is covered
    assert leftwards[150:].sum() > 300
    assert not leftwards[:145].any()
    picture = SemanticDrawer(scale=1).draw_scene(
        GRAY, IDS, BOXES, interaction(1, 2, (1, 5))
    )
    assert count(picture[:60], track_color(1)) > count(picture[:60], track_color(2))


def test_an_arrow_ends_at_its_object() -> None:
    for subject, other, rows in ((1, 2, slice(48, 60)), (2, 1, slice(151, 163))):
        told = interaction(subject, other, (1, 5))
        picture = SemanticDrawer(scale=1).draw_scene(GRAY, IDS, BOXES, told)
        colored = (picture == track_color(subject)).all(axis=2) & changed(told)
        near = {1: colored[rows, 40:70], 2: colored[rows, 220:250]}
        widest = {side: int(part.sum(axis=1).max()) for side, part in near.items()}
        assert widest[other] >= 2 * widest[subject] > 0


def test_an_arrow_without_a_span_is_dashed() -> None:
    whole = changed(interaction(1, 2, (1, 5)))
    dashed = changed(interaction(1, 2, (0, 0)))
    assert 0.4 < dashed.sum() / whole.sum() < 0.9


def test_one_arrow_for_a_pair_with_several_verbs() -> None:
    two = Interactions([1, 1], [2, 2], ['push.v.01', 'talk.v.01'], [1, 1], [5, 5])
    one = changed(interaction(1, 2, (1, 5)))
    both = changed(two)
    assert one.sum() < both.sum() < one.sum() + 17 * 60  # a longer plate


def test_who_is_not_in_the_frame_gets_no_arrow() -> None:
    assert not changed(interaction(1, 3, (1, 5))).any()
    outside = np.array([LEFT, [400.0, 60, 430, 150]])
    assert not changed(interaction(1, 2, (1, 5)), boxes=outside).any()
    nobody = np.empty((0, 4))
    assert not changed(interaction(1, 2, (1, 5)), np.empty(0, int), nobody).any()


def test_verbs_of_crossing_arrows_do_not_cover_each_other() -> None:
    ids = np.array([1, 2, 3, 4])
    boxes = np.array([LEFT, RIGHT, LEFT, RIGHT]) + [[0] * 4, [0] * 4, [4] * 4, [4] * 4]
    pairs = Interactions([1, 3], [2, 4], ['push.v.01'] * 2, [1, 1], [5, 5])
    picture = SemanticDrawer(scale=1).draw_scene(GRAY, ids, boxes, pairs)
    # Each whole plate keeps its colour: 17 rows of about 38 pixels, less the text.
    assert count(picture[:60], track_color(1)) > 300
    assert count(picture[:60], track_color(3)) > 300


def test_boxes_at_the_edge_keep_arrows_inside() -> None:
    boxes = np.array([[0.0, -20, 30, 192], [290.0, -20, 330, 192]])
    mark = changed(interaction(1, 2, (1, 5)), boxes=boxes)
    assert mark.sum() > 300


def test_without_room_an_arrow_takes_the_other_way() -> None:
    low = BOXES + [0, 42, 0, 42]  # feet at the lower edge
    mark = changed(interaction(2, 1, (1, 5)), boxes=low)
    assert mark[:100].sum() > 300
    assert not mark[107:].any()
    both = Interactions([1, 2], [2, 1], ['talk.v.01'] * 2, [1, 1], [5, 5])
    picture = SemanticDrawer(scale=1).draw_scene(GRAY, IDS, low, both)
    tops = {i: np.argwhere((picture[:100] == track_color(i)).all(axis=2)) for i in IDS}
    assert tops[2][:, 0].min() < tops[1][:, 0].min() - 10  # outside of the other
    high = BOXES - [0, 60, 0, 60]  # heads at the upper edge
    mark = changed(interaction(1, 2, (1, 5)), boxes=high)
    assert mark[90:].sum() > 300
    assert not mark[:85].any()


def test_the_panel_lists_captions_and_greys_the_absent() -> None:
    captions = {2: 'A woman runs.', 9: 'A boy who has left.'}
    drawer = SemanticDrawer(scale=2)
    picture = drawer.draw(GRAY, IDS, BOXES, None, captions, 'Two people.')
    panel = picture[384:]
    assert len(panel) == 2 * MARGIN + 3 * LINE_HEIGHT
    assert count(panel, track_color(2)) > 50
    assert count(panel, track_color(9)) == 0
    assert count(panel, FAINT) > 50


def test_every_frame_of_a_video_has_one_size() -> None:
    captions = {1: 'A man walks to the right. ' * 6, 2: 'A woman runs.'}
    drawer = SemanticDrawer(panel_lines=SemanticDrawer().lines_needed(320, captions))
    sizes = {
        drawer.draw(GRAY, IDS, BOXES, None, words).shape
        for words in (captions, {}, {1: 'x ' * 2000})
    }
    assert sizes == {(384 + 2 * MARGIN + 3 * LINE_HEIGHT, 640, 3)}
    assert SemanticDrawer(panel_lines=0).draw(
        GRAY, IDS, BOXES, None, captions
    ).shape == (384, 640, 3)


def test_verbs_are_shown_without_their_sense() -> None:
    assert drawn_verb('hash_out.v.01') == 'hash out'
    assert [drawn_verb(v) for v in ('headshake', 'v.1.0', '.v.01', 'a.b')] == [
        'headshake',
        'v',
        '.v.01',
        'a.b',
    ]


@pytest.mark.parametrize('options', [dict(scale=0), dict(panel_lines=-1)])
def test_bad_options_are_refused(options: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        SemanticDrawer(**options)


def test_a_verb_longer_than_the_image_is_cut() -> None:
    verbs = ['w' * 100_000 + '.v.01']
    told = Interactions([1], [2], verbs, [1], [5])
    picture = SemanticDrawer(scale=1).draw_scene(GRAY, IDS, BOXES, told)
    plate = (picture == track_color(1)).all(axis=2).any(axis=0)
    assert picture.shape == GRAY.shape
    assert plate.sum() > 250  # from edge to edge


@pytest.mark.parametrize('shape', [(1, 1), (300, 5), (5, 300), (192, 320)])
def test_images_of_any_shape(shape: tuple[int, int]) -> None:
    height, width = shape
    boxes = np.array(
        [[width - 3.0, height - 3, width + 50, height + 50], [-9, -9, 3, 3]]
    )
    told = interaction(1, 2, (1, 5))
    picture = SemanticDrawer().draw(np.zeros((*shape, 3), np.uint8), IDS, boxes, told)
    assert picture.shape[0] <= 8 * height
    assert picture.shape[1] <= max(8 * width, 640)
