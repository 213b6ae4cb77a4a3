"""SemTracker's rules, with a tracking branch that knows colours and need not learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.models import video_run
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame, Prompt, VideoInfo
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.user_errors import is_for_users
from projects.semtracker.models import target_query
from projects.semtracker.models.chosen_track import ChosenTrack
from projects.semtracker.models.scene_context import SceneContext
from projects.semtracker.models.search_region import covering_boxes
from projects.semtracker.models.semtracker import SemTracker
from projects.semtracker.models.target_query import boxes_by_distance
from projects.semtracker.models.target_transformer import TargetPrediction

VIDEO = VideoInfo('squares', 'squares', fps=10.0, width=320, height=160)
COLOURS = dict(red=(0, 0, 255), green=(0, 255, 0), blue=(255, 0, 0))
STRIDE, SIDE = 8, 32


class SquareDetector(nn.Module):
    """The image itself is the feature map; squares are found by their colour."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def extract(self, frames) -> FeatureMaps:
        images = torch.from_numpy(np.stack([f.image for f in frames])).float() / 255
        level = F.avg_pool2d(images.permute(0, 3, 1, 2), STRIDE)
        size = torch.tensor([[320.0, 160.0]] * len(frames), dtype=torch.float64)
        return FeatureMaps(
            (level,),
            (STRIDE,),
            torch.ones_like(size),
            size,
            images,
            [None] * len(frames),
        )

    def detect(self, frames) -> list[Detections]:
        return self.detect_in(self.extract(frames))

    def detect_in(self, features: FeatureMaps) -> list[Detections]:
        self.calls += 1
        detections = []
        for image in features.inputs.numpy():
            boxes = []
            for colour in COLOURS.values():
                y, x = np.nonzero((image == np.array(colour) / 255).all(axis=2))
                if len(x):
                    boxes.append((x.min(), y.min(), x.max() + 1, y.max() + 1))
            boxes = np.array(boxes, float).reshape(-1, 4)
            detections.append(Detections(boxes, np.ones(len(boxes))))
        return detections


class Pooled(nn.Module):
    """Shared features without layers."""

    channels = 3

    def pool(self, features, rows, regions, grid, samples=2):
        from mmsmot.models.trajectory.roi_tokens import roi_align

        cells = features.in_cells(rows, regions, 0)
        return roi_align(features.levels[0], rows, cells, grid, samples)

    def forward(self, pooled):
        return pooled


class ColourTracking(nn.Module):
    """Finds the cells of the template's colour; the box is as large as all of them."""

    template_grid, search_grid = 4, 24

    def template_memory(self, tokens, cover):
        weight = (cover >= 0.99).float()[..., None]
        return [(tokens * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True)]

    def forward(self, memory, tokens, prior=None):
        colour_distance = (tokens - memory[0]).abs().sum(-1)  # (P, cells)
        is_target_colour = (colour_distance < 0.3).float().reshape(-1, 24, 24)
        boxes, centres = [], torch.full(colour_distance.shape, -9.0)
        for k, grid in enumerate(is_target_colour):
            y, x = grid.nonzero().T
            box = torch.zeros(4)
            if len(x):
                box = torch.stack([x.min(), y.min(), x.max() + 1, y.max() + 1]) / 24
                centre = ((box[:2] + box[2:]) / 2 * 24).long()
                centres[k, centre[1] * 24 + centre[0]] = 9.0
            boxes.append(box.expand(24 * 24, 4))
        presence = torch.where(is_target_colour.flatten(1).sum(1) > 8, 4.0, -4.0)
        return TargetPrediction(centres, torch.stack(boxes), presence)


class FirstWordMatcher(nn.Module):
    """Cosine of a colour's name and a box of that colour."""

    def forward(self, texts, tokens):
        looks = F.normalize(tokens.mean(1), dim=1)
        names = [next(c for n, c in COLOURS.items() if n in text) for text in texts]
        return F.normalize(torch.tensor(names).float(), dim=1) @ looks.T


def video_frames(places: dict[str, list], first: int = 1) -> list[Frame]:
    """Squares by colour: left upper corner in each frame, ``None`` for gone."""
    frames = []
    for t in range(len(next(iter(places.values())))):
        image = np.zeros((160, 320, 3), np.uint8)
        for name, corners in places.items():
            if corners[t] is not None:
                x, y = corners[t]
                image[y : y + SIDE, x : x + SIDE] = COLOURS[name]
        frame_id = first + t
        frames.append(Frame(VIDEO, frame_id, t / 10, load=lambda image=image: image))
    return frames


def tracker(**options) -> SemTracker:
    return SemTracker(
        detector=SquareDetector(),
        shared=Pooled(),
        tracking=ColourTracking(),
        context=SceneContext(),
        text_matcher=FirstWordMatcher(),
        search_factor=4.0,
        **options,
    ).eval()


def run(model: SemTracker, frames: list[Frame], *prompts: Prompt) -> list:
    pipeline_run = SMOT(estimator=model).eval().begin(VIDEO, prompts)
    for frame in frames:
        pipeline_run.push([frame])
    return [result.trajectories for result in pipeline_run.finish()]


WALK = [(16 + 8 * t, 40) for t in range(12)]
STAND = [(240, 100)] * 12
BOX = Prompt(boxes={1: (16, 40, 48, 72)})


def test_follows_a_box_past_another() -> None:
    frames = video_frames(dict(red=WALK, blue=STAND))
    model = tracker()
    (table,) = run(model, frames, BOX)
    np.testing.assert_allclose(table.boxes[:, 0], [x for x, _ in WALK], atol=4)
    assert table.frame_ids.tolist() == [*range(1, 13)] and model.detector.calls == 0


@pytest.mark.parametrize(
    'prompt',
    [
        BOX,
        Prompt(points={1: (30, 50)}),
        Prompt(points={1: (50, 50)}),
        Prompt('red thing'),
    ],
    ids=['box', 'click', 'click beside', 'text'],
)
def test_three_ways_to_name_a_target(prompt: Prompt) -> None:
    frames = video_frames(dict(red=WALK, blue=STAND))
    (table,) = run(tracker(), frames, prompt)
    np.testing.assert_allclose(table.boxes[:, 0], [x for x, _ in WALK], atol=4)


def test_prompts_share_a_pass_and_have_their_own_targets() -> None:
    frames = video_frames(dict(red=WALK, blue=STAND))
    red_by_box, blue, red_by_text = run(
        tracker(), frames, BOX, Prompt('blue'), Prompt('red')
    )
    assert np.abs(red_by_box.boxes - red_by_text.boxes).max() < 1
    assert (blue.boxes[:, 0] > 200).all() and set(blue.ids.tolist()) == {1}


def test_a_target_that_leaves_and_comes_back_elsewhere() -> None:
    walk = [*WALK[:4], None, None, None, *[(16, 110)] * 5]
    frames = video_frames(dict(red=walk, blue=STAND))
    (table,) = run(tracker(), frames, BOX)
    assert set(range(1, 5)) <= {*table.frame_ids.tolist()}
    assert not {5, 6, 7} & {*table.frame_ids.tolist()}
    late = table[table.frame_ids > 8]
    assert len(late) >= 4
    np.testing.assert_allclose(late.boxes, [[16, 110, 48, 142]] * len(late), atol=4)


def test_lost_for_hundreds_of_frames_costs_no_more_and_is_found() -> None:
    walk = [(16, 40), *[None] * 300, (200, 100), (200, 100), (200, 100)]
    model = tracker(search_interval=3)
    state = model.begin(VIDEO, [BOX], needs=frozenset())
    counts = []
    search = model._search
    model._search = lambda *a: counts.append(len(a[3])) or search(*a)
    reported = []
    for frame in video_frames(dict(red=walk)):
        (estimate,) = model.step(state, [frame])
        reported.append(len(estimate.tracks[0]))
    assert sum(reported[1:301]) == 0 and reported[-1] == 1
    assert {*counts[10:300]} == {1, max(counts)}  # the image, every third frame
    assert np.mean([c > 1 for c in counts[10:300]]) == pytest.approx(1 / 3, abs=0.02)


def test_a_later_box_corrects_the_track() -> None:
    frames = video_frames(dict(red=WALK, blue=STAND))
    prompt = Prompt(boxes={1: (16, 40, 48, 72), 6: (240, 100, 272, 132)})
    (table,) = run(tracker(), frames, prompt)
    assert (table.boxes[5:, 0] > 200).all() and (table.boxes[:5, 0] < 60).all()


def test_a_click_on_nobody() -> None:
    frames = video_frames(dict(red=WALK, blue=STAND))
    click = Prompt(points={1: (150, 10)})
    with pytest.raises(ValueError, match=r'on nobody: the nearest detection is \[16'):
        run(tracker(), frames, click)
    with pytest.raises(ValueError, match='on nobody: nothing is detected') as error:
        run(tracker(), video_frames(dict(red=[None])), click)
    assert is_for_users(error.value)  # tools show its text without a traceback
    with pytest.raises(ValueError, match='click.*outside of the image of 320x160'):
        run(tracker(), frames, Prompt(points={1: (400, 10)}))
    # Whoever comes there later is the target.
    come = [*[None] * 3, *[(136, 0)] * 5]
    (table,) = run(tracker(missed_click='wait'), video_frames(dict(red=come)), click)
    assert table.frame_ids.tolist() == [4, 5, 6, 7, 8]


def test_a_click_takes_the_surest_box_around_it() -> None:
    """Not the smallest, which is often a part of somebody; those around it come first."""
    boxes = np.array([[10.0, 10, 60, 110], [20, 20, 40, 60], [70, 10, 90, 60]])
    scores = np.array([0.6, 0.3, 0.9])
    order, distance = boxes_by_distance(boxes, scores, np.array([30.0, 30.0]))
    assert order.tolist() == [0, 1, 2] and distance.tolist() == [0, 0, 40]
    order, _ = boxes_by_distance(boxes, scores[[1, 0, 2]], np.array([30.0, 30.0]))
    assert order.tolist() == [1, 0, 2]


def test_a_box_outside_of_the_image() -> None:
    frames = video_frames(dict(red=WALK))
    with pytest.raises(ValueError, match='lies outside of the image of 320x160'):
        run(tracker(), frames, Prompt(boxes={1: (400, 40, 420, 72)}))
    (table,) = run(tracker(), frames, Prompt(boxes={1: (-20, 40, 48, 72)}))
    assert table.boxes[0].tolist() == [0, 40, 48, 72]  # cut to the image


def test_a_first_frame_that_is_not_the_videos_first() -> None:
    frames = video_frames(dict(red=WALK), first=5)
    (table,) = run(tracker(), frames, Prompt(boxes={7: (32, 40, 64, 72)}))
    assert table.frame_ids.tolist() == [*range(7, 17)]  # nothing is told of before
    with pytest.raises(ValueError, match='named in frame 1.*first frame after it is 5'):
        run(tracker(), frames, BOX)
    with pytest.raises(ValueError, match='named in frame 1'):  # a box waits for nobody
        run(tracker(missed_click='wait'), frames, BOX)


def test_a_text_that_fits_two(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(
        target_query, 'print_log', lambda message, **_: logged.append(message)
    )
    frames = video_frames(dict(red=WALK, blue=STAND))
    model = tracker(text_margin=2.0)
    (table,) = run(model, frames, Prompt('red'))
    assert (table.boxes[0, 0]) == 16  # the better one
    assert len(logged) == 1 and "frame 1: 'red' fits 2 boxes" in logged[0]
    waiting_tracker = tracker(text_threshold=0.9)
    late_frames = video_frames(dict(blue=STAND, red=[*[None] * 5, *WALK[:7]]))
    (table,) = run(waiting_tracker, late_frames, Prompt('red'))
    assert table.frame_ids[0] == 6  # nobody fits before


@pytest.mark.parametrize('text', ['42', 'красный', '红衣男子'])
def test_a_sentence_without_a_word_that_can_be_read(text: str) -> None:
    with pytest.raises(ValueError, match='has no word in Latin letters.*in English'):
        tracker().begin(VIDEO, [Prompt(text)], needs=frozenset())
    # Beside a box it names nobody.
    tracker().begin(VIDEO, [Prompt(text, boxes=BOX.boxes)], needs=frozenset())


class TwoCentres(ColourTracking):
    """Two likely centres, in the middle and at the edge, and a presence that is given."""

    presence = 0.0
    edge_logit = 1.0

    def forward(self, memory, tokens, prior=None):
        self.prior = prior
        count = len(tokens)
        centres = torch.full((count, 24, 24), -9.0)
        centres[:, 12, 12], centres[:, 0, 0] = 0.5, self.edge_logit
        boxes = torch.zeros(count, 24, 24, 4)
        boxes[:, 12, 12] = torch.tensor([0.4, 0.4, 0.6, 0.6])
        boxes[:, 0, 0] = torch.tensor([0.0, 0.0, 0.2, 0.2])
        presence = torch.tensor(self.presence).logit().repeat(count)
        return TargetPrediction(centres.flatten(1), boxes.flatten(1, 2), presence)


def seen_frames(**options) -> list[int]:
    """The frames of three in which a target of presence .5 is seen, named in the first."""
    model = tracker(**options)
    model.tracking = TwoCentres()
    model.tracking.presence = 0.5
    (table,) = run(
        model,
        video_frames(dict(red=STAND[:3])),
        Prompt(boxes={1: (240, 100, 272, 132)}),
    )
    return table.frame_ids.tolist()


def test_followed_from_one_presence_on_and_found_from_another() -> None:
    assert seen_frames(presence_threshold=0.4, found_threshold=0.6) == [1, 2, 3]
    assert seen_frames(presence_threshold=0.6, found_threshold=0.4) == [1, 3]
    assert seen_frames(presence_threshold=0.6, found_threshold=0.6) == [1]


def test_the_window_is_of_targets_that_are_followed() -> None:
    # sigmoid(.5) = .62 in the middle, sigmoid(1) = .73 at the edge, where the window is 0.
    def second_box(**options) -> float:
        model = tracker(**options)
        model.tracking = TwoCentres()
        model.tracking.presence = 0.9
        frames = video_frames(dict(red=STAND[:2]))
        (table,) = run(model, frames, Prompt(boxes={1: (144, 64, 176, 96)}))
        return table.boxes[1, 0]

    middle, edge = 160 - 0.1 * 128, 160 - 0.5 * 128  # of a region of 4 * 32 pixels
    assert second_box(window_weight=0.0) == pytest.approx(edge)
    assert second_box(window_weight=0.5) == pytest.approx(middle)
    prior = tracker(window_weight=0.5)._centre_prior(torch.tensor([True, False]))
    assert (prior[0] == 1).all() and 0.5 <= prior[1].min() < prior[1].max() <= 1


def test_a_sentence_needs_a_matcher() -> None:
    model = tracker()
    model.text_matcher = None
    with pytest.raises(ValueError, match="'red' is a sentence.*no text_matcher"):
        model.begin(VIDEO, [Prompt('red')], needs=frozenset())


def test_without_a_prompt_nothing_is_tracked() -> None:
    frames = video_frames(dict(red=WALK))
    (table,) = run(tracker(), frames)
    assert len(table) == 0


def test_features_where_they_are_asked_for() -> None:
    model = tracker()
    needs = frozenset({'features', 'track_features'})
    state = model.begin(VIDEO, [BOX], needs=needs)
    frames = video_frames(dict(red=[*WALK[:3], None]))
    (estimate,) = model.step(state, frames)
    assert len(estimate.features) == 4
    shapes = [tuple(t.features.shape) for t in estimate.tracks]
    assert shapes == [(1, 70, 3)] * 3 + [(0, 70, 3)]
    # The first six tokens are the target's own, of its colour.
    torch.testing.assert_close(
        estimate.tracks[0].features[0, :6],
        torch.tensor([[0.0, 0, 1]] * 6),
        atol=0.3,
        rtol=0,
    )
    state = model.begin(VIDEO, [BOX], needs=frozenset())
    (estimate,) = model.step(state, frames)
    assert estimate.features is None and estimate.tracks[0].features is None


def test_options_out_of_range() -> None:
    with pytest.raises(ValueError, match='presence_threshold'):
        tracker(presence_threshold=1.5)
    with pytest.raises(ValueError, match='missed_click'):
        tracker(missed_click='ignore')


def test_the_baseline_follows_the_track_that_is_named() -> None:
    walk = [*WALK[:5], None, None, None, *[(16, 110)] * 4]
    frames = video_frames(dict(red=walk, blue=STAND))
    model = ChosenTrack(
        detector=SquareDetector(),
        tracker=dict(type='SORT', min_hits=1, max_age=1, iou_threshold=0.1),
    )
    for prompt in (BOX, Prompt(points={1: (50, 50)})):  # 2 pixels beside it
        (table,) = run(model, frames, prompt)
        # It ends with its track: who comes back has another id.
        assert table.frame_ids.tolist() == [1, 2, 3, 4, 5]
        np.testing.assert_allclose(table.boxes[:, 0], [x for x, _ in WALK[:5]], atol=5)
    with pytest.raises(ValueError, match='reads boxes and clicks alone'):
        run(model, frames, Prompt('red'))


@pytest.mark.parametrize('is_baseline', [False, True])
def test_a_click_means_the_same_to_tracker_and_baseline(is_baseline: bool) -> None:
    sort = dict(type='SORT', min_hits=1, max_age=1, iou_threshold=0.1)

    def build(**options):
        if not is_baseline:
            return tracker(**options)
        return ChosenTrack(detector=SquareDetector(), tracker=sort, **options)

    frames = video_frames(dict(red=WALK, blue=STAND))
    far_click = Prompt(points={1: (60, 50)})  # 12 pixels beside the red one
    with pytest.raises(ValueError, match=r'on nobody: the nearest detection is \[16'):
        run(build(), frames, far_click)
    with pytest.raises(ValueError, match=r'on nobody: .*12 pixels away'):
        run(build(click_reach=0.07), frames, far_click)  # 11.2 pixels
    (table,) = run(build(click_reach=0.08), frames, far_click)
    assert table.frame_ids[0] == 1 and table.boxes[0, 0] == pytest.approx(16, abs=3)
    with pytest.raises(ValueError, match='click.*outside of the image of 320x160'):
        run(build(), frames, Prompt(points={1: (400, 10)}))
    # The red one comes under the click in frame 3, and is the target from there on.
    (table,) = run(build(missed_click='wait'), frames, far_click)
    assert table.frame_ids[0] == 3 and (table.boxes[:, 0] < 200).all()
    for wrong, message in (
        (dict(missed_click='guess'), 'missed_click must be one of'),
        (dict(click_reach=2.0), 'click_reach'),
    ):
        with pytest.raises(ValueError, match=message):
            build(**wrong)


def test_a_track_that_is_reported_late_is_still_the_clicked_one() -> None:
    """The tracker reports it from its third hit on; the click was on its detection."""
    model = ChosenTrack(
        detector=SquareDetector(),
        tracker=dict(type='SORT', min_hits=3, max_age=1, iou_threshold=0.1),
    )
    late = [None] * 4 + STAND[:8]
    frames = video_frames(dict(red=WALK, blue=late))
    (table,) = run(model, frames, Prompt(points={5: (250, 110)}))
    assert len(table) and table.frame_ids[0] > 5 and (table.boxes[:, 0] > 200).all()


def test_the_baseline_gives_what_a_classifier_reads() -> None:
    parts = dict(
        detector=SquareDetector(),
        tracker=dict(type='SORT', min_hits=1, max_age=1, iou_threshold=0.1),
    )
    model = ChosenTrack(**parts, shared=Pooled(), context=SceneContext())
    frames = video_frames(dict(red=[*WALK[:3], None], blue=STAND[:4]))
    state = model.begin(VIDEO, [BOX], needs=frozenset({'track_features'}))
    (estimate,) = model.step(state, frames)
    assert estimate.features is None
    shapes = [tuple(tracks.features.shape) for tracks in estimate.tracks]
    assert shapes == [(1, 70, 3)] * 3 + [(0, 70, 3)]
    (tracked,) = tracker().step(
        tracker().begin(VIDEO, [BOX], needs=frozenset({'track_features'})), frames[:1]
    )
    torch.testing.assert_close(
        estimate.tracks[0].features, tracked.tracks[0].features, atol=1e-5, rtol=0
    )
    assert ChosenTrack(**parts).provides == {'features'}
    with pytest.raises(ValueError, match='shared and context go together'):
        ChosenTrack(**parts, shared=Pooled())


def test_the_baseline_takes_nobody_for_a_target_that_is_not_detected() -> None:
    late = [None, *[(20, 40)] * 11]
    model = ChosenTrack(
        detector=SquareDetector(),
        tracker=dict(type='SORT', min_hits=1, max_age=1, iou_threshold=0.1),
    )
    (table,) = run(model, video_frames(dict(red=late, blue=STAND)), BOX)
    assert table.frame_ids.tolist() == [*range(3, 13)]  # not the far blue one
    assert (table.boxes[:, 0] < 200).all()


def test_a_prompt_that_is_never_read_is_refused() -> None:
    frames = video_frames(dict(red=WALK))
    boxes = {1: (16, 40, 48, 72), 4: (40, 40, 72, 72)}
    with pytest.raises(ValueError, match='in frame 4, which was not read: frame 5 fol'):
        run(tracker(), frames[::2], Prompt(boxes=boxes))
    video = replace(VIDEO, frame_ids=np.arange(1, 13))
    late = Prompt(boxes={1: boxes[1], 500: boxes[4]})
    with pytest.raises(ValueError, match='frame 500, which the video does not have'):
        tracker().begin(video, [late], needs=frozenset())


def test_a_box_after_the_last_frame_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A video file does not say beforehand how many frames it has."""
    messages = []
    monkeypatch.setattr(
        video_run, 'print_log', lambda message, **options: messages.append(message)
    )
    frames = video_frames(dict(red=WALK))
    (table,) = run(tracker(), frames, BOX)
    assert not messages and len(table) == 12
    (table,) = run(tracker(), frames, Prompt(boxes={500: BOX.boxes[1]}))
    (message,) = messages
    assert not len(table)
    assert 'frame 500 has no effect: the last frame that was read is 12' in message


def test_a_small_target_is_looked_for_in_turns() -> None:
    model = tracker(max_search_regions=16)
    state = model.begin(VIDEO, [BOX], needs=frozenset())
    target = state.targets[0]
    target.box = np.array([100.0, 100, 110, 120])
    frame = Frame(replace(VIDEO, width=1920, height=1080), 1, 0.0)
    grid = covering_boxes(target.box, frame.size, model.search_factor)
    searched_boxes = set()
    num_parts = -(-len(grid) // 16)
    assert num_parts > 50
    for turn in range(num_parts):
        target.lost_frames = model.patience + turn * model.search_interval
        places = model._places(state, 0, frame)[1:]
        assert 0 < len(places) <= 16
        searched_boxes |= {tuple(box) for box in places}
    assert searched_boxes == {tuple(box) for box in grid}


def test_time_alone_ends_no_target() -> None:
    """A stream forgets tracks that are not seen; a target is looked for all the time."""
    walk = [*WALK[:3], *[None] * 6, *[(16, 110)] * 3]
    model = SMOT(estimator=tracker()).eval()
    video_run = model.begin(VIDEO, [BOX], early=True, patience=2, record=False)
    for frame in video_frames(dict(red=walk)):
        video_run.push([frame])
        assert video_run.live_ids == [1]
