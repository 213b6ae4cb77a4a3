"""Tiny query trackers on clips of a few coloured boxes, 96 x 64 pixels."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from mmsmot.engine import load_config
from mmsmot.registry import MODELS
from mmsmot.structures import (
    CoordinateSpace,
    Frame,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
)
from projects.query_trackers.deformable_decoding import Memory
from projects.query_trackers.lifecycles import ScoreStates

SIZE = (96, 64)
PAPERS = ['transtrack', 'trackformer', 'motr', 'motrv2']
COLOURS = [(255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 0), (0, 255, 255)]


def load_tool(path: Path) -> ModuleType:
    """A script as a module, without running its main."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def video(name: str = 'walk') -> VideoInfo:
    return VideoInfo(name, name, fps=8.0, width=SIZE[0], height=SIZE[1])


def clip(
    boxes: Sequence[dict[int, tuple]], name: str = 'walk', size: tuple = SIZE
) -> tuple[list[Frame], SMOTDataSample]:
    """Frames with a coloured box for each object, and the sample that says so.

    Args:
        boxes: For each frame x1, y1, x2, y2 by object.
        name: Of the video.
        size: Of the images.
    """
    info, frames, rows = video(name), [], []
    for number, frame_boxes in enumerate(boxes, start=1):
        image = np.full((size[1], size[0], 3), 128, np.uint8)
        for track_id, (x1, y1, x2, y2) in frame_boxes.items():
            image[y1:y2, x1:x2] = COLOURS[track_id % len(COLOURS)]
            rows.append((number, track_id, x1, y1, x2, y2))
        load = lambda image=image: image  # noqa: E731
        frames.append(Frame(info, number, number / 8, load=load))
    table = np.array(rows, float).reshape(-1, 6)
    sample = SMOTDataSample()
    sample.gt_trajectories = Trajectories(
        table[:, 0].astype(int),
        table[:, 1].astype(int),
        table[:, 2:],
        space=CoordinateSpace('original', *size),
    )
    sample.set_metainfo(dict(video=info, frame_ids=np.arange(1, len(boxes) + 1)))
    return frames, sample


def walking(num_frames: int, num_objects: int = 2) -> list[dict[int, tuple]]:
    """Boxes of 16 x 40 that walk to the right."""
    return [
        {
            k + 1: (4 * t + 24 * k, 8 + 4 * k, 4 * t + 24 * k + 16, 48 + 4 * k)
            for k in range(num_objects)
        }
        for t in range(num_frames)
    ]


def batch(*clips: tuple) -> tuple[list[list[Frame]], list[SMOTDataSample]]:
    """Clips as MMEngine collates them, ``inputs[t][b]``."""
    frames, samples = zip(*clips, strict=True)
    return [list(step) for step in zip(*frames, strict=True)], list(samples)


def easy_lifecycle(model: torch.nn.Module) -> torch.nn.Module:
    """An untrained tracker whose scores are enough to be a track, and to stay one."""
    if isinstance(model.estimator.lifecycle, ScoreStates):
        model.estimator.lifecycle.birth_threshold = 0.6
        model.estimator.lifecycle.keep_threshold = 0.1
    return model


def decoded_rows(model: torch.nn.Module) -> list[int]:
    """A list that gets the rows of memory of each frame that is decoded from now on."""
    rows: list[int] = []
    decode = model.estimator.decode

    def decode_and_count(memory: Memory, *args: Any) -> tuple:
        rows.append(len(memory.tokens))
        return decode(memory, *args)

    model.estimator.decode = decode_and_count
    return rows


def results_of(model: torch.nn.Module, *clips: list[Frame]) -> list[list]:
    """Ids and boxes by frame of several videos, a frame of each at a time."""
    runs = [model.begin(frames[0].video) for frames in clips]
    results = [[] for _ in clips]
    for step in zip(*clips, strict=True):
        for number, frame in enumerate(step):
            (result,) = runs[number].push([frame])
            results[number].append((result.tracks.ids, result.tracks.boxes))
    return results


def assert_equal_results(results: list, other_results: list) -> None:
    assert sum(len(ids) for ids, _ in results) > 3
    for (ids, boxes), (other_ids, other_boxes) in zip(
        results, other_results, strict=True
    ):
        np.testing.assert_array_equal(ids, other_ids)
        np.testing.assert_allclose(boxes, other_boxes, atol=1e-3)


def model_config(paper: str, **options) -> dict:
    """The tiny config of a paper on small images, of which all weights learn.

    TransTrack joins the maps of two frames, as at paper size.
    """
    name = f'projects/query_trackers/configs/{paper}_tiny_synsmot'
    model = copy.deepcopy(load_config(name).model.to_dict())
    estimator = model['estimator'] | dict(freeze_encoder=False)
    if paper == 'transtrack':
        estimator['combine_previous'] = True
    estimator |= options
    for name in ('detector', 'proposal_detector'):
        if 'config' in estimator.get(name, {}):
            estimator[name]['config']['test_pipeline'][1]['scale'] = SIZE
    return model | dict(estimator=estimator)


@pytest.fixture(scope='session')
def build() -> Callable[..., torch.nn.Module]:
    """A pipeline whose queries have scores spread around the thresholds."""

    models = {}

    def build_model(paper: str, **options) -> torch.nn.Module:
        if options:
            return new_model(paper, **options)
        if paper not in models:
            models[paper] = new_model(paper)
        return copy.deepcopy(models[paper])  # a test may change its own

    def new_model(paper: str, **options) -> torch.nn.Module:
        torch.manual_seed(0)
        model = MODELS.build(model_config(paper, **options))
        for detector in (model.estimator.detector, model.estimator.proposal_detector):
            detector = getattr(detector, 'detector', detector)  # behind a cache
            if detector is not None:
                _spread_scores(detector.model.bbox_head)
        if model.estimator.combine is not None:  # at first the frame before has no part
            torch.nn.init.normal_(model.estimator.combine.weight, std=0.1)
        return model.eval()

    return build_model


def _spread_scores(head: torch.nn.Module) -> None:
    for branch in head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=0.4)
        torch.nn.init.zeros_(branch.bias)
    for branch in head.reg_branches:
        torch.nn.init.normal_(branch[-1].weight, std=0.05)
