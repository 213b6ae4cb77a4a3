"""A joint detector and tracker: one network, trained through its tracks.

::

    image -> conv -> cells (C, H, W) -> objectness of each cell -> cells above 0.5
                        |                                           |
                        +---------------- feature of the cell ------+-> tracks with features

Every object is a box of one size around the middle of a cell; an object of the next frame
takes the id of the nearest cell of the frame before. It proves what the slot must offer to
a real joint tracker: no detector and no tracker inside, features with gradient for each
row of the trajectories, and all state of a video in an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.models.estimators import (
    TRACK_FEATURES,
    BaseEstimator,
    Estimate,
    EstimatorLoss,
)
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS
from mmsmot.structures import Detections, Frame, SMOTDataSample, Tracks, Trajectories

CELL = 8  # pixels
BOX = (16, 40)  # width and height of every box
THRESHOLD = 0.5
POSITIVE_WEIGHT = 20.0  # two of 96 cells hold the middle of an object
MAX_STEP = 3.0  # cells that an object moves from one frame to the next


@dataclass
class ToyState:
    """Where each live object was, in cells."""

    places: dict[int, np.ndarray] = field(default_factory=dict)
    next_id: int = 1


@MODELS.register_module(force=True)
class ToyJointEstimator(BaseEstimator):
    """See the module.

    Args:
        channels: d of the track features.
    """

    provides = frozenset({TRACK_FEATURES})

    def __init__(self, *, channels: int = 16) -> None:
        super().__init__()
        self.cells = nn.Sequential(nn.Conv2d(3, channels, CELL, stride=CELL), nn.ReLU())
        self.objectness = nn.Conv2d(channels, 1, 1)

    def begin(self, video, prompts, *, needs) -> ToyState:
        return ToyState()

    @torch.no_grad()
    def step(self, state: ToyState, frames: Sequence[Frame]) -> Estimate:
        cells = self._cells(frames)
        scores = self.objectness(cells)[:, 0].sigmoid()
        detections, tracks, before = [], [], set(state.places)
        for cell_map, score_map in zip(cells, scores, strict=True):
            places = (score_map > THRESHOLD).nonzero()  # (N, 2) row, column
            rows, columns = places.T
            values = score_map[rows, columns].double().numpy()
            boxes = _boxes(places.numpy())
            ids = self._ids(state, places.numpy())
            labels = np.zeros(len(ids), np.int64)
            index = np.arange(len(ids))
            features = cell_map[:, rows, columns].T[:, None]
            detections.append(Detections(boxes, values))
            tracks.append(Tracks(ids, boxes, values, labels, index, features))
        reported = {i for reported in tracks for i in reported.ids.tolist()}
        ended_ids = sorted((before | reported) - state.places.keys())
        return Estimate(detections, tracks, ended_ids=ended_ids)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        frames = [frame for step in inputs for frame in step]
        cells = self._cells(frames)
        logits = self.objectness(cells)[:, 0]
        targets = torch.zeros_like(logits)
        for row, frame in enumerate(frames):
            gt = samples[row % len(samples)].gt_trajectories
            rows, columns = _places(gt.boxes[gt.frame_ids == frame.frame_id]).T
            targets[row, rows, columns] = 1
        weight = torch.tensor(POSITIVE_WEIGHT)
        losses = {
            'loss_cell': F.binary_cross_entropy_with_logits(
                logits, targets, pos_weight=weight
            )
        }
        trajectories = [sample.gt_trajectories for sample in samples]
        features = [
            self._along(cells[b :: len(samples)], inputs, gt, b)
            for b, gt in enumerate(trajectories)
        ]
        gt_ids = [{i: i for i in np.unique(gt.ids).tolist()} for gt in trajectories]
        return EstimatorLoss(
            losses, None, trajectories, gt_ids, track_features=torch.cat(features)
        )

    @staticmethod
    def _along(
        cells: torch.Tensor,
        inputs: Sequence[Sequence[Frame]],
        gt: Trajectories,
        clip: int,
    ) -> torch.Tensor:
        """(R, 1, d): the features of the cells that a clip's trajectories go through."""
        order = {step[clip].frame_id: t for t, step in enumerate(inputs)}
        steps = [order[frame_id] for frame_id in gt.frame_ids.tolist()]
        rows, columns = _places(gt.boxes).T
        return cells[steps, :, rows, columns][:, None]

    def _cells(self, frames: Sequence[Frame]) -> torch.Tensor:
        images = np.stack([frame.image for frame in frames]).transpose(0, 3, 1, 2)
        return self.cells(torch.from_numpy(images / 255).float())

    @staticmethod
    def _ids(state: ToyState, places: np.ndarray) -> np.ndarray:
        """The ids of the objects of a frame; those that nothing is near to end."""
        ids, before, state.places = [], dict(state.places), {}
        for place in places:
            distances = {i: np.abs(p - place).max() for i, p in before.items()}
            nearest = min(distances, key=distances.get, default=None)
            if nearest is None or distances[nearest] > MAX_STEP:
                nearest, state.next_id = state.next_id, state.next_id + 1
            before.pop(nearest, None)
            state.places[nearest] = place
            ids.append(nearest)
        return np.array(ids, np.int64)


def _places(boxes: np.ndarray) -> np.ndarray:
    """(N, 2) row and column of the cell that is in the middle of each box."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 // CELL
    return middles[:, ::-1].astype(np.int64)


def _boxes(places: np.ndarray) -> np.ndarray:
    middles = (places[:, ::-1] + 0.5) * CELL
    half = np.array(BOX) / 2
    return np.concatenate([middles - half, middles + half], axis=1).reshape(-1, 4)
