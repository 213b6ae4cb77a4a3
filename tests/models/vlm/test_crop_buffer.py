"""Images of people and pairs: right, few, small."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.models.vlm.crop_buffer import CropBuffer, crop_box_pairs
from mmsmot.structures import Frame, Tracks, VideoInfo

VIDEO = VideoInfo('v', 'v', 10.0, 160, 120)


def frame(number: int, load=None) -> Frame:
    def picture() -> np.ndarray:
        image = np.full((120, 160, 3), 40, np.uint8)
        image[20:80, 10:40] = (0, 0, 255)  # red, as BGR
        image[20:80, 50:80] = (255, 0, 0)  # blue
        return image

    return Frame(VIDEO, number, number / 10, load or picture)


def tracks(**boxes: tuple[float, ...]) -> Tracks:
    ids = np.array([int(name[1:]) for name in boxes], np.int64)
    table = np.array(list(boxes.values()), float).reshape(-1, 4)
    ones = np.ones(len(ids))
    return Tracks(ids, table, ones, ones.astype(int), ones.astype(int))


TWO = tracks(_1=(10, 20, 40, 80), _2=(50, 20, 80, 80))


def test_a_person_is_cut_out_in_rgb() -> None:
    memory = CropBuffer(crop_size=400)
    memory.update(frame(1), TWO)
    (picture,) = memory.track_crops[2].sample()
    image = picture.rgb()
    assert image.shape == (72, 36, 3)  # a tenth more on each side
    np.testing.assert_allclose(image[36, 18], [0, 0, 255], atol=12)
    assert (picture.frame_id, picture.timestamp) == (1, 0.1)


def test_pairs_know_where_each_one_is() -> None:
    memory = CropBuffer(crop_size=45)
    memory.update(frame(1), TWO)
    (picture,) = memory.pairs[1, 2].crops.sample()
    image = picture.rgb()
    assert max(image.shape) == 45
    for track_id, colour in ((1, [255, 0, 0]), (2, [0, 0, 255])):
        x1, y1, x2, y2 = dict(picture.boxes)[track_id]
        middle = image[round((y1 + y2) / 2), round((x1 + x2) / 2)]
        np.testing.assert_allclose(middle, colour, atol=30)


def test_memory_does_not_grow_with_the_video() -> None:
    memory = CropBuffer(max_crops=3, max_frames=2, max_pair_crops=2)
    sizes = []
    for number in range(1, 401):
        memory.update(frame(number), TWO)
        reservoirs = [memory.frames, *memory.track_crops.values()]
        reservoirs += [pair.crops for pair in memory.pairs.values()]
        sizes.append(sum(len(c.jpeg) for kept in reservoirs for c in kept.items))
    assert max(sizes[200:]) <= max(sizes[:200])
    assert len(memory.track_crops[1].items) <= 6
    assert len(memory.frames.items) <= 4
    pair = memory.pairs[1, 2]
    assert (pair.count, pair.first_frame, pair.last_frame) == (400, 1, 400)
    assert len(pair.crops.items) <= 4
    spread = [p.frame_id for p in memory.track_crops[1].sample()]
    assert spread[0] == 1 and spread[-1] > 250


def test_images_that_nobody_wants_are_not_decoded() -> None:
    decoded = []

    def watched(number: int) -> Frame:
        def load() -> np.ndarray:
            decoded.append(number)
            return np.zeros((120, 160, 3), np.uint8)

        return frame(number, load)

    memory = CropBuffer(max_crops=2, max_frames=2, max_pair_crops=2)
    for number in range(1, 1001):
        memory.update(watched(number), TWO)
    assert len(decoded) < 60


def test_a_crowd_keeps_the_pairs_that_were_near_longest() -> None:
    memory = CropBuffer(max_pairs=3)
    number = 0
    for other, times in ((2, 5), (3, 2), (4, 4), (5, 3)):
        for _ in range(times):
            number += 1
            both = {'_1': (10, 20, 40, 80), f'_{other}': (50, 20, 80, 80)}
            memory.update(frame(number), tracks(**both))
    memory.update(frame(number + 1), tracks())
    assert set(memory.pairs) == {(1, 2), (1, 4), (1, 5)}  # not 3, near in two frames


def test_a_crowd_holds_no_more_pairs_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eighty people side by side: each is near several, and none of them goes away."""
    cut = []
    keep = CropBuffer._add_crop
    monkeypatch.setattr(
        CropBuffer, '_add_crop', lambda self, *a: cut.append(1) or keep(self, *a)
    )
    left = np.linspace(0, 120, 80)
    rng = np.random.default_rng(0)
    memory = CropBuffer(max_pairs=20)
    for number in range(1, 6):
        boxes = np.stack([left, left * 0 + 20, left + 30, left * 0 + 80], axis=1)
        order = rng.permutation(80)
        ids = np.arange(1, 81)[order]
        rows = np.zeros(80, np.int64)
        shown = Tracks(ids, boxes[order], np.ones(80), rows, rows)
        memory.update(frame(number), shown)
        assert len(memory.pairs) == 20
        if number == 1:
            first = set(memory.pairs)
    assert set(memory.pairs) == first
    assert {pair.count for pair in memory.pairs.values()} == {5}
    assert len(cut) <= 5 * (1 + 80 + 20)


def test_the_nearest_of_new_pairs_are_taken_first() -> None:
    memory = CropBuffer(max_pairs=1)
    people = dict(_1=(10, 20, 40, 80), _2=(52, 20, 80, 80), _3=(44, 20, 50, 80))
    memory.update(frame(1), tracks(**people))
    assert set(memory.pairs) == {
        (2, 3)
    }  # 2 pixels apart; 1 and 3 are 4, 1 and 2 are 12
    none = CropBuffer(max_pairs=0)
    none.update(frame(1), tracks(**people))
    assert none.pairs == {}


@pytest.mark.parametrize(
    'argument',
    [
        dict(max_crops=0),
        dict(max_pairs=-1),
        dict(near_distance=float('nan')),
        dict(near_height_ratio=7),
        dict(crop_size=0.5),
        dict(quality=101),
    ],
    ids=str,
)
def test_arguments_out_of_range(argument: dict) -> None:
    (name,) = argument
    with pytest.raises(ValueError, match=f'CropBuffer: {name} must be '):
        CropBuffer(**argument)


@pytest.mark.parametrize(
    ('second', 'is_near'),
    [
        ((50, 20, 80, 80), True),  # a gap of 10, a quarter of 60 is 15
        ((56, 20, 86, 80), False),
        ((20, 30, 50, 90), True),  # they overlap
        ((12, 30, 20, 50), False),  # a third as high: far behind
    ],
)
def test_near(second: tuple[float, ...], is_near: bool) -> None:
    boxes = np.array([(10, 20, 40, 80), second], float)
    rows, gaps = crop_box_pairs(boxes, 0.25, 0.6)
    assert rows.tolist() == ([[0, 1]] if is_near else [])
    assert len(gaps) == len(rows)
    assert crop_box_pairs(boxes[:1], 0.25, 0.6)[0].shape == (0, 2)


def test_linked_and_forgotten() -> None:
    memory = CropBuffer()
    memory.update(frame(1), TWO)
    memory.update(frame(2), tracks(_7=(10, 20, 40, 80), _2=(50, 20, 80, 80)))
    memory.rename({7: 1})
    assert memory.ids == [1, 2]
    assert [p.frame_id for p in memory.track_crops[1].items] == [1, 2]
    pair = memory.pairs[1, 2]
    assert (pair.count, pair.first_frame, pair.last_frame) == (2, 1, 2)
    assert all({i for i, _ in p.boxes} == {1, 2} for p in pair.crops.items)
    memory.rename({2: 1})  # the pair was one person
    assert (memory.ids, memory.pairs) == ([1], {})
    memory.forget([1])
    assert memory.ids == []


def test_outside_the_image_there_is_nothing_to_see() -> None:
    memory = CropBuffer()
    memory.update(frame(1), tracks(_1=(400, 20, 440, 80)))
    assert memory.ids == [1]
    assert memory.track_crops[1].sample() == []


def test_long_videos_are_small() -> None:
    """A person costs kilobytes, whatever the length."""
    noise = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), dtype=np.uint8)
    noise = cv2.GaussianBlur(noise, (0, 0), 2)
    memory = CropBuffer()
    person = tracks(_1=(100, 100, 500, 900))
    for number in range(1, 60):
        memory.update(frame(number, lambda: noise), person)
    people = [p for s in memory.track_crops.values() for p in s.items]
    assert len(people) <= 8
    assert sum(len(p.jpeg) for p in people) < 8 * 60_000
