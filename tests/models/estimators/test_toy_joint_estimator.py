"""The contract of a joint tracker: trained end to end, described by its own features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmsmot.models.smot import SMOT
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, SMOTDataSample, Trajectories
from tests.models.estimators import toy_joint_estimator  # noqa: F401 - registers it
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import (
    SPACE,
    VERBS,
    VIDEO,
    sample,
    semantics,
)

BLUE, RED = (255, 0, 0), (0, 0, 255)


def semantics_of_tracks() -> dict:
    """Captions and interactions from the features that tracks carry."""
    config = semantics() | dict(roi=None, box_tokens=1)
    for name in ('video_fusion', 'video_caption'):
        config[name] = None
    return config | dict(share_decoder=False)


def build() -> SMOT:
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SMOT',
            estimator=dict(type='ToyJointEstimator', channels=16),
            semantics=semantics_of_tracks(),
        )
    )
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    return model


def clip(count: int = 4) -> tuple[list[Frame], SMOTDataSample]:
    """A blue person walks to the right, a red one stays; both 16x40 on grey."""
    frames, rows = [], []
    for t in range(count):
        image = np.full((64, 96, 3), 128, np.uint8)
        boxes = [(8 * t + 4, 8, 8 * t + 20, 48), (68, 8, 84, 48)]
        for track_id, (colour, box) in enumerate(
            zip((BLUE, RED), boxes, strict=True), 1
        ):
            x1, y1, x2, y2 = box
            image[y1:y2, x1:x2] = colour
            middle = slice((y1 + y2) // 16 * 8, (y1 + y2) // 16 * 8 + 8)
            image[middle, (x1 + x2) // 16 * 8 : (x1 + x2) // 16 * 8 + 8] = 255
            rows.append((t + 1, track_id, *box))
        frames.append(Frame(VIDEO, t + 1, t / 4, load=lambda image=image: image))
    rows = np.array(rows, float)
    truth = sample((1, 2), count=1)
    truth.gt_trajectories = Trajectories(
        rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:], space=SPACE
    )
    return frames, truth


def test_semantic_losses_reach_the_network_through_the_tracks() -> None:
    model = build().train()
    frames, truth = clip()
    losses = model.loss([[frame] for frame in frames], [truth])
    assert {'loss_cell', 'loss_instance_caption', 'loss_interaction'} <= set(losses)
    weight = model.estimator.cells[0].weight
    for name in ('loss_instance_caption', 'loss_interaction'):
        (gradient,) = torch.autograd.grad(losses[name], weight, retain_graph=True)
        assert gradient.abs().max() > 1e-8, name


def test_it_learns_tracks_and_captions_of_one_clip() -> None:
    model = build().train()
    frames, truth = clip()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(200):
        losses = model.loss([[frame] for frame in frames], [truth])
        optimizer.zero_grad()
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        optimizer.step()
    run = model.eval().begin(VIDEO)
    results = run.push(frames)
    (result,) = run.finish()
    assert [r.tracks.ids.tolist() for r in results] == [[1, 2]] * 4
    table = result.trajectories.by_id()
    middles = {
        i: (rows.boxes[:, 0] + rows.boxes[:, 2]) / 2 for i, rows in table.items()
    }
    np.testing.assert_array_equal(middles[1], [12, 20, 28, 36])
    np.testing.assert_array_equal(middles[2], [76] * 4)
    captions = result.description.captions
    assert captions == {1: truth.gt_captions[1], 2: truth.gt_captions[2]}
    scores = {
        (j, verb, k): score
        for j, verb, k, score in zip(
            result.description.interactions.subject_ids.tolist(),
            result.description.interactions.verbs.tolist(),
            result.description.interactions.object_ids.tolist(),
            result.description.interactions.scores.tolist(),
            strict=True,
        )
    }
    assert max(scores, key=scores.get) == (1, VERBS[0], 2)


def test_frame_by_frame_equals_one_batch() -> None:
    model = build().eval()
    torch.nn.init.constant_(model.estimator.objectness.bias, -0.2)
    frames, _ = clip()
    whole, single = model.begin(VIDEO), model.begin(VIDEO)
    whole.push(frames)
    for frame in frames:
        single.push([frame])
    (one,), (other,) = whole.finish(), single.finish()
    np.testing.assert_array_equal(one.trajectories.ids, other.trajectories.ids)
    assert len(one.trajectories)
    assert one.description.captions == other.description.captions


def test_the_time_of_an_estimator_without_stages_is_that_of_tracking() -> None:
    """Not that of whatever is booked next, such as decoding the next frames."""
    run = build().eval().begin(VIDEO)
    frames, _ = clip()
    run.push(frames)
    assert run.stopwatch.seconds['track'] > 0


def test_a_detector_and_tracker_carry_no_features_of_tracks() -> None:
    with pytest.raises(TypeError, match='needs track_features'):
        MODELS.build(
            dict(
                type='SMOT',
                tracker=dict(type='SORT'),
                semantics=semantics_of_tracks(),
            )
        )
