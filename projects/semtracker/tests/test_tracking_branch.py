"""The tracking branch: regions, losses by hand, and that it learns to find a target."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.structures import (
    Detections,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
    pairwise_iou,
)
from projects.semtracker.models.clip_targets import (
    Jitter,
    TargetTable,
    named_boxes,
    search_rows,
    search_targets,
    template_rows,
)
from projects.semtracker.models.search_region import (
    boxes_in_image,
    boxes_in_regions,
    cell_cover,
    covering_boxes,
    jittered_boxes,
    square_regions,
)
from projects.semtracker.models.target_transformer import TargetTransformer
from projects.semtracker.models.text_matcher import TextMatcher
from projects.semtracker.models.tracking_loss import (
    box_fractions,
    centre_heat,
    focal_loss,
    generalized_iou,
    tracking_losses,
)


@given(
    st.lists(st.floats(0, 300), min_size=4, max_size=4),
    st.floats(0.5, 6),
)
@settings(max_examples=50, deadline=None)
def test_regions_are_squares_and_can_be_undone(numbers: list, factor: float) -> None:
    x, y, w, h = numbers
    boxes = torch.tensor([[x, y, x + w + 1, y + h + 1]], dtype=torch.float64)
    regions = square_regions(boxes, factor)
    side = regions[:, 2:] - regions[:, :2]
    expected = max(8.0, factor * ((w + 1) * (h + 1)) ** 0.5)
    assert side.tolist()[0] == pytest.approx([expected] * 2)
    restored_boxes = boxes_in_image(boxes_in_regions(boxes, regions), regions)
    torch.testing.assert_close(restored_boxes, boxes)


def test_jitter_is_bounded() -> None:
    boxes = torch.tensor([[10.0, 10.0, 20.0, 50.0]])
    moved_boxes = jittered_boxes(boxes, 0.5, 0.0, torch.ones(1, 4))
    torch.testing.assert_close(moved_boxes, boxes + 0.5 * 20)  # sqrt(10 * 40) = 20
    grown_boxes = jittered_boxes(
        boxes, 0.5, np.log(2), torch.tensor([[0, 0, 1.0, 1.0]])
    )
    torch.testing.assert_close(grown_boxes, torch.tensor([[5.0, -10.0, 25.0, 70.0]]))


def test_generalized_iou_by_hand() -> None:
    box = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    far_box = torch.tensor([[4.0, 0.0, 6.0, 2.0]])
    half_box = torch.tensor([[0.0, 0.0, 1.0, 2.0]])
    assert generalized_iou(box, box).item() == 1.0
    assert generalized_iou(box, half_box).item() == 0.5
    assert generalized_iou(box, far_box).item() == pytest.approx(0 - 4 / 12)


def test_the_heat_is_one_in_the_centres_cell() -> None:
    target = torch.tensor([[0.1, 0.3, 0.4, 0.9]])  # centre (.25, .6)
    heat, cell = centre_heat(target, 10)
    assert cell.tolist() == [6 * 10 + 2] and heat[0, 62] == 1 and (heat < 1).sum() == 99
    sure = torch.full((1, 100), -20.0)
    sure[0, 62] = 20.0
    assert focal_loss(sure, heat).item() == pytest.approx(0, abs=1e-6)
    assert focal_loss(-sure, heat).item() > 100


def test_boxes_of_the_head_stay_in_reach_of_their_cells() -> None:
    boxes = box_fractions(torch.randn(2, 16, 4) * 100, 4)
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    cell_centres = (torch.arange(4) + 0.5) / 4
    assert (centre[0, :, 0].reshape(4, 4) - cell_centres).abs().max() <= 0.25 + 1e-6
    assert ((boxes[..., 2:] - boxes[..., :2]) <= 1 + 1e-6).all()


def test_cover_is_the_part_of_the_box() -> None:
    cover = cell_cover(torch.tensor([[0.1, 0.0, 0.6, 1.0]]), 5)
    torch.testing.assert_close(cover.reshape(5, 5)[2], torch.tensor([0.5, 1, 1, 0, 0]))
    assert cover.mean().item() == pytest.approx(0.5)


def test_covering_regions_leave_no_place_out() -> None:
    boxes = np.stack(covering_boxes(np.array([5.0, 5, 25, 45]), (320, 192), 3.0))
    regions = square_regions(torch.from_numpy(boxes), 3.0).numpy()
    x, y = np.meshgrid(np.arange(0, 321, 4), np.arange(0, 193, 4))
    places = np.stack([x.ravel(), y.ravel()], 1)[:, None]
    inside = (places >= regions[:, :2]) & (places <= regions[:, 2:])
    assert inside.all(axis=2).sum(axis=1).min() >= 1
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], [[20, 40]] * len(boxes))


def small_transformer(**options) -> TargetTransformer:
    torch.manual_seed(0)
    sizes = dict(channels=16, heads=2, layers=2, template_grid=3, search_grid=8)
    return TargetTransformer(**sizes | options)


def test_the_template_does_not_depend_on_the_search_region() -> None:
    branch = small_transformer().eval()
    torch.nn.init.normal_(branch.covered)
    tokens = torch.randn(1, 9, 16)
    memory = branch.template_memory(tokens, torch.ones(1, 9))
    search = torch.randn(2, 64, 16)
    batch_prediction = branch([part.expand(2, -1, -1) for part in memory], search)
    single_prediction = branch(memory, search[1:])
    torch.testing.assert_close(
        batch_prediction.boxes[1:], single_prediction.boxes, atol=1e-5, rtol=1e-5
    )
    uncovered_memory = branch.template_memory(tokens, torch.zeros(1, 9))
    uncovered = branch(uncovered_memory, search[1:])
    assert (uncovered.centres - single_prediction.centres).abs().max() > 0


def test_it_learns_which_of_two_patterns_the_template_shows() -> None:
    """Two patches in noise, one like the template; some regions have another one."""
    branch = small_transformer()
    optimizer = torch.optim.AdamW(branch.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        batch = patch_batch(generator)
        losses = tracking_losses(find(branch, batch), batch[2], batch[3])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    batch = patch_batch(generator, 200)
    with torch.no_grad():
        prediction = find(branch, batch)
    cell = prediction.centres.argmax(1)
    boxes = prediction.boxes[torch.arange(200), cell]
    is_present = batch[3]
    iou = generalized_iou(boxes, batch[2])[is_present]
    assert (iou > 0.5).float().mean() > 0.9
    is_right = (prediction.presence > 0) == is_present
    assert is_right.float().mean() > 0.85


def patch_batch(generator: torch.Generator, count: int = 32) -> tuple:
    """Template tokens, search tokens, boxes, and whether the target is there."""
    codes = torch.nn.functional.one_hot(torch.arange(8), 16).float() * 4
    code_rows = torch.stack(
        [torch.randperm(8, generator=generator)[:3] for _ in range(count)]
    )
    search = 0.1 * torch.randn(count, 8, 8, 16, generator=generator)
    x, y = torch.randint(0, 2, (2, count), generator=generator)
    boxes = torch.stack([x, y, x + 2, y + 3], 1) / 8
    for k in range(count):
        search[k, y[k] : y[k] + 3, x[k] : x[k] + 2] += codes[code_rows[k, 0]]
        search[k, 4:7, 5:7] += codes[code_rows[k, 1]]
    is_present = torch.rand(count, generator=generator) < 0.75
    code = codes[torch.where(is_present, code_rows[:, 0], code_rows[:, 2])]
    return code[:, None].expand(-1, 9, -1), search.flatten(1, 2), boxes, is_present


def find(branch: TargetTransformer, batch: tuple):
    memory = branch.template_memory(batch[0], torch.ones(batch[0].shape[:2]))
    return branch(memory, batch[1])


def clip_table(
    videos=('a', 'b'), num_frames: int = 4, empty: bool = False
) -> TargetTable:
    inputs, samples = [], []
    for b, name in enumerate(videos):
        video = VideoInfo(name, name, width=200, height=100)
        frames = np.arange(1, num_frames + 1)
        boxes = np.tile([10.0 + 50 * b, 10, 30 + 50 * b, 50], (num_frames, 1))
        gt = Trajectories(frames, frames * 0 + 1, boxes)[frames != 2]
        samples.append(SMOTDataSample(metainfo=dict(video=video)))
        samples[-1].gt_trajectories = gt[:0] if empty and not b else gt
        inputs.append([type('F', (), dict(frame_id=int(f)))() for f in frames])
    steps = [list(step) for step in zip(*inputs, strict=True)]
    return TargetTable.of(steps, samples, torch.device('cpu'))


ALL_8 = torch.arange(8)  # two clips of four frames


def test_a_hidden_target_is_looked_for_and_is_not_there() -> None:
    table = clip_table()
    assert table.is_visible.reshape(4, 2)[:, 0].tolist() == [True, False, True, True]
    rng = np.random.default_rng(0)
    rows = template_rows(table, rng)
    assert table.is_visible[rows].all() and (rows % 2).tolist() == [0, 1]
    search = searched(table, ALL_8, Jitter(0.3, 0.2, 0.0), rng)
    torch.testing.assert_close(search.is_present, table.is_visible)
    assert (search.template_of == torch.arange(8) % 2).all()


def searched(table: TargetTable, rows: torch.Tensor, jitter: Jitter, rng):
    """Regions around the targets, three roots of their area wide."""
    sizes = torch.tensor([[320, 192]] * len(table.boxes))
    return search_targets(table, rows, 3.0, jitter, sizes, None, rng)


def test_some_frames_of_each_clip_are_searched() -> None:
    table, rng = clip_table(('a', 'b', 'c')), np.random.default_rng(0)
    template = torch.tensor([3, 1, 11])
    row_lists = [search_rows(table, 2, template, rng).tolist() for _ in range(40)]
    for rows in row_lists:
        assert rows == sorted({*rows})
        assert np.bincount(np.array(rows) % 3).tolist() == [2, 2, 2]
    # In turn all of them but the templates' own, which come last.
    assert {*np.concatenate(row_lists).tolist()} == {*range(12)} - {3, 1, 11}
    assert {3, 1, 11}.isdisjoint(search_rows(table, 3, template, rng).tolist())
    assert search_rows(table, None, template, rng).tolist() == [*range(12)]
    assert search_rows(table, 9, template, rng).tolist() == [*range(12)]
    jitter = Jitter(0.3, 0.2, 0.0)
    rows = torch.tensor(row_lists[0])
    search = searched(table, rows, jitter, np.random.default_rng(1))
    torch.testing.assert_close(search.is_present, table.is_visible[rows])
    assert (search.template_of == rows % 3).all()
    centre = (table.boxes[rows, :2] + table.boxes[rows, 2:]) / 2
    assert ((centre > search.regions[:, :2]) & (centre < search.regions[:, 2:])).all()


def test_a_clip_without_its_target_has_nothing_to_find() -> None:
    table, rng = clip_table(empty=True), np.random.default_rng(0)
    assert template_rows(table, rng)[0] == 0
    search = searched(table, ALL_8, Jitter(0.3, 0.2, 0.0), rng)
    assert search.is_present[::2].sum() == 0 and search.is_present[1::2].sum() == 3
    named = named_boxes(table, [Detections.empty()] * 8, ['a', 'b'], rng)
    assert named.clips == [0, 1] and named.rows.tolist() == [1]
    assert named.is_target.tolist() == [[False], [True]]


def test_some_regions_lie_elsewhere() -> None:
    table = clip_table(('a', 'b', 'c'))
    rows = torch.arange(12).repeat(40)
    person = np.array([[200.0, 100, 220, 140]])
    detections = [
        Detections(np.concatenate([table.boxes[row].numpy()[None], person]), np.ones(2))
        for row in range(12)
    ]
    sizes = torch.tensor([[320, 192]] * 12)
    jitter = Jitter(0.0, 0.0, 0.0, elsewhere_ratio=0.5)
    rng = np.random.default_rng(0)
    search = search_targets(table, rows, 2.0, jitter, sizes, detections, rng)
    box_centre = (table.boxes[rows, :2] + table.boxes[rows, 2:]) / 2
    centre = (search.regions[:, :2] + search.regions[:, 2:]) / 2
    is_moved = (centre - box_centre).abs().amax(dim=1) > 1e-6
    assert 0.4 < is_moved.double().mean() < 0.6
    on_person = (centre - torch.tensor([210.0, 120.0])).abs().amax(dim=1) < 1e-6
    assert 0.4 < (on_person[is_moved]).double().mean() < 0.6
    size = search.regions[:, 2] - search.regions[:, 0]
    root = (table.boxes[rows, 2:] - table.boxes[rows, :2]).prod(dim=1).sqrt()
    torch.testing.assert_close(size, 2.0 * root)  # of the target's size everywhere
    inside = (box_centre > search.regions[:, :2]) & (box_centre < search.regions[:, 2:])
    expected = table.is_visible[rows] & inside.all(dim=1)
    torch.testing.assert_close(search.is_present, expected)
    assert not search.is_present[on_person].any()
    # Anywhere, some regions still have the target in them, off their middle.
    assert (search.is_present & is_moved).any()
    anywhere = search_targets(table, rows, 2.0, jitter, sizes, None, rng)
    centre = (anywhere.regions[:, :2] + anywhere.regions[:, 2:]) / 2
    assert not ((centre - torch.tensor([210.0, 120.0])).abs() < 1e-6).all(dim=1).any()


def test_another_videos_template_is_not_there() -> None:
    table = clip_table(('a', 'b', 'a'))
    rows, rng = torch.arange(12), np.random.default_rng(0)
    search = searched(table, rows, Jitter(0.0, 0.0, 1.0), rng)
    clip = torch.arange(12) % 3
    names = np.array(table.videos)
    swapped = names[clip] != names[search.template_of]
    assert (clip[1::3] != search.template_of[1::3]).all()  # clip b has two others
    assert not search.is_present[torch.from_numpy(swapped)].any()


def test_a_sentence_chooses_from_everybody_in_the_frame() -> None:
    table = clip_table()
    people = Detections(np.array([[11.0, 10, 30, 50], [150, 10, 170, 50]]), np.ones(2))
    empty = Detections.empty()
    detections = [people if row == 0 else empty for row in range(8)]
    named = named_boxes(table, detections, ['a man', None], np.random.default_rng(0))
    assert named.clips == [0] and named.rows.tolist() == [0, 0, 1]
    assert named.is_target.tolist() == [[True, False, False]]
    assert named.is_choice.all()  # the clips are of two videos
    assert named.boxes[1].tolist() == [150, 10, 170, 50]
    # The target is the detection of it: an exact box would tell who is meant.
    assert named.boxes[0].tolist() == [11, 10, 30, 50]
    # In clip b nobody was detected: the true box, moved as a detection is off.
    assert (named.boxes[2] != table.boxes[named.rows[2]]).all()
    iou = pairwise_iou(named.boxes[2:].numpy(), table.boxes[named.rows[2:]].numpy())
    assert 0.6 < iou[0, 0] < 1


def test_boxes_of_another_clip_of_the_video_are_no_choice() -> None:
    # Clip b of the same video sees clip a's target, as one of "the others".
    table = clip_table(('v', 'v', 'w'))
    detections = [Detections(np.array([[150.0, 10, 170, 50]]), np.ones(1))] * 12
    named = named_boxes(
        table, detections, ['a man', 'a woman', None], np.random.default_rng(0)
    )
    clip_of_box = named.rows % 3
    assert [*map(int, clip_of_box)] == [0, 0, 1, 1, 2, 2]
    assert named.is_choice.int().tolist() == [[1, 1, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1]]


def test_what_is_no_choice_does_not_count_in_the_sentence_loss() -> None:
    torch.manual_seed(0)
    matcher, tokens = TextMatcher(), torch.randn(4, 6, 96)
    is_target = torch.tensor([[True, False, False, False]])
    is_choice = torch.tensor([[True, True, False, False]])
    loss = matcher.loss(['a man'], tokens, is_target, is_choice)
    few = matcher.loss(['a man'], tokens[:2], is_target[:, :2])
    torch.testing.assert_close(loss, few)
    assert loss < matcher.loss(['a man'], tokens, is_target)


def test_a_clip_of_several_people_is_refused() -> None:
    video = VideoInfo('v', 'v')
    sample = SMOTDataSample(metainfo=dict(video=video))
    sample.gt_trajectories = Trajectories([1, 1], [1, 2], np.tile([0, 0, 5, 5], (2, 1)))
    frame = type('F', (), dict(frame_id=1))()
    with pytest.raises(ValueError, match='has 2 trajectories.*SynSMOTEpisodes'):
        TargetTable.of([[frame]], [sample], torch.device('cpu'))
