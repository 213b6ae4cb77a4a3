"""The whole model can learn: two clips by heart, in a minute."""

from __future__ import annotations

import numpy as np
import torch

from mmsmot.models.training.clip_training import ClipTraining
from mmsmot.structures import Interactions, SMOTDataSample
from tests.engine.tiny_training import model as tiny_model
from tests.models.semantics.test_trajectory_semantics import (
    VERBS,
    batch,
    frames,
    sample,
    tracks_of,
)

CAPTIONS = [
    {1: 'A man in red waves.', 2: 'A girl in blue runs.'},
    {3: 'A boy sits.', 5: 'A woman pushes a boy in green.'},
]
SUMMARIES = ['Two people in a park.', 'A quarrel at a bench.']
DEEDS = [(1, 2, VERBS[0]), (5, 3, VERBS[1])]


def truths() -> list[SMOTDataSample]:
    made = []
    for captions, summary, (subject, other, verb) in zip(
        CAPTIONS, SUMMARIES, DEEDS, strict=True
    ):
        truth = sample(tuple(captions))
        truth.gt_captions = captions
        truth.gt_video_caption = summary
        truth.gt_interactions = Interactions([subject], [other], np.array([verb]))
        made.append(truth)
    return made


def test_two_clips_by_heart_end_to_end() -> None:
    torch.manual_seed(0)
    model = tiny_model().train()
    model.clip_training = ClipTraining(teacher_forcing_ratio=1.0)
    texts = [text for captions in CAPTIONS for text in captions.values()]
    decoder = model.semantics.instance_caption.decoder
    decoder.tokenizer.train_on(texts + SUMMARIES)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    clips = batch(*truths())
    for _ in range(250):
        loss = sum(v for k, v in model.loss(**clips).items() if 'loss' in k)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    model.semantics.interaction.threshold = 0.5
    for seed, truth in enumerate(truths()):
        memory, shown = model.semantics.begin(), frames(3, seed)
        with torch.no_grad():
            features = model.estimator.detector.extract(shown)
        model.semantics.update(memory, features, shown, tracks_of(truth))
        said = model.semantics.generate(memory)
        assert said.captions == truth.gt_captions
        assert said.video_caption == truth.gt_video_caption
        assert said.interactions.as_pairs() == truth.gt_interactions.as_pairs()
