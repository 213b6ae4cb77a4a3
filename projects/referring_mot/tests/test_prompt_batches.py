"""Sentences of a video in one batch: what each has by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from mmsmot.datasets import BenSMOTDataset
from mmsmot.datasets.synsmot.build import write_built_clip
from mmsmot.datasets.synsmot.settings import ClipSettings
from mmsmot.engine import load_config
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, Prompt, SMOTDataSample, Trajectories
from mmsmot.utils.bundled_weights import weights_path
from projects.query_trackers.lifecycles import LabelledIds, ScoreStates
from projects.query_trackers.query_table import LifecycleOutcome, QueryTable
from projects.referring_mot.evaluation import referring_metric
from projects.referring_mot.evaluation.referring_metric import ReferringMetric

SENTENCES = [
    'people',
    'a person in red who walks to the left',
    'nobody',
    'somebody in blue who waves, and then goes away to the right',
    'people in green',
]
NUM_FRAMES = 11  # two batches of frames, the second one short


class PausedTracks(ScoreStates):
    """The tracks of one sentence end in some frames, where it has none."""

    def __init__(self, number: int, frame_ids: range) -> None:
        super().__init__(birth_threshold=0.5, keep_threshold=0.4, miss_tolerance=1)
        self.number = number
        self.frame_ids = frame_ids
        self.states: list[LabelledIds] = []

    def begin(self) -> LabelledIds:
        self.states.append(super().begin())
        return self.states[-1]

    def update(
        self, state: LabelledIds, table: QueryTable, frame: Frame
    ) -> LifecycleOutcome:
        is_paused = state is self.states[self.number]
        if is_paused and frame.frame_id in self.frame_ids:
            table = replace(table, scores=np.zeros_like(table.scores))
        return super().update(state, table, frame)


@pytest.fixture(scope='module')
def clip(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[Frame], SMOTDataSample]:
    """The first frames of a video of SynSMOT."""
    root = tmp_path_factory.mktemp('synsmot')
    write_built_clip(root, 0, 0, 'val', ClipSettings())
    dataset = BenSMOTDataset(
        data_root=str(root), split='val', described_only=False, test_mode=True
    )
    item = dataset[0]
    frames = [frame for part in item['inputs'].batches(8) for frame in part]
    return frames[:NUM_FRAMES], item['data_samples']


@pytest.fixture(scope='module')
def build() -> Callable[[str], nn.Module]:
    """A trained MOTR whose levels and queries are changed a little by each sentence."""

    def build_model(paper: str) -> nn.Module:
        config = load_config(f'projects/referring_mot/configs/{paper}_tiny_synsmot')
        torch.manual_seed(0)
        model = MODELS.build(config.model).eval()
        weights = load_file(str(weights_path(config.load_from)))
        assert not model.load_state_dict(weights, strict=False).unexpected_keys
        hook = model.estimator.text_hook
        hook.text_encoder.tokenizer.train_on(SENTENCES)
        for weight in hook.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=0.1)
        hook.refer_threshold = None
        return model

    return build_model


def tables(
    model: nn.Module, frames: list[Frame], prompt_batch: int | None
) -> list[Trajectories]:
    """The tracks of each sentence."""
    model.estimator.prompt_batch = prompt_batch
    run = model.begin(frames[0].video, [Prompt(text) for text in SENTENCES])
    for start in range(0, len(frames), model.batch_size):
        run.push(frames[start : start + model.batch_size])
    return [result.trajectories for result in run.finish()]


@pytest.mark.parametrize('paper', ['transrmot', 'mls-track'])
def test_sentences_in_a_batch_are_as_each_by_itself(
    paper: str, build: Callable, clip: tuple
) -> None:
    """Also beside one that has no track for a while: the third, in frames 3 to 5."""
    frames, _ = clip
    model, results = build(paper), []
    pause = range(frames[2].frame_id, frames[5].frame_id)
    for prompt_batch in (1, 2, None):
        model.estimator.lifecycle = PausedTracks(2, pause)
        results.append(tables(model, frames, prompt_batch))
    singles = results[0]
    assert len({len(table) for table in singles}) > 1
    assert not np.isin(singles[2].frame_ids, pause).any() and len(singles[2])
    for number in (0, 1, 3, 4):
        assert np.isin(pause, singles[number].frame_ids).all()
    scores = [table.scores[: min(map(len, singles))] for table in singles]
    assert np.std(scores, axis=0).max() > 1e-3  # sentences differ
    for batched in results[1:]:
        for single, table in zip(singles, batched, strict=True):
            np.testing.assert_array_equal(table.frame_ids, single.frame_ids)
            np.testing.assert_array_equal(table.ids, single.ids)
            np.testing.assert_allclose(table.boxes, single.boxes, rtol=0, atol=1e-3)
            np.testing.assert_allclose(table.scores, single.scores, rtol=0, atol=1e-5)


def test_the_metric_leaves_the_boxes_that_the_model_would(
    build: Callable, clip: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pruned by ``thresholds``, or by the model's own ``refer_threshold``."""
    frames, sample = clip
    model = build('mls-track')
    model.estimator.lifecycle = PausedTracks(0, range(0))
    hook = model.estimator.text_hook
    hook.refer_threshold = 0.0
    everybody = tables(model, frames, None)[0]
    threshold = float(np.median(everybody.scores))
    hook.refer_threshold = threshold
    meant = tables(model, frames, None)[0]
    assert 0 < len(meant) < len(everybody)
    pruned = []
    monkeypatch.setattr(
        referring_metric,
        'score_expression',
        lambda *arguments: pruned.append(arguments[3]),
    )
    prediction = sample.clone()
    prediction.pred_trajectories = everybody
    prediction.gt_objects = sample.gt_trajectories
    prediction.gt_expressions = sample.gt_expressions[:1]
    ReferringMetric(thresholds=(threshold,)).process(None, [prediction.to_dict()])
    (table,) = pruned
    for column in ('ids', 'frame_ids', 'boxes', 'scores'):
        np.testing.assert_array_equal(getattr(table, column), getattr(meant, column))
