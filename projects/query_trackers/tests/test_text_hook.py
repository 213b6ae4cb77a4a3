"""The places at which a text acts on a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmsmot.models.estimators import TRACK_FEATURES
from mmsmot.structures import Prompt
from projects.query_trackers.tests.conftest import (
    PAPERS,
    batch,
    clip,
    decoded_rows,
    easy_lifecycle,
    video,
    walking,
)
from projects.query_trackers.text_hook import TextHook


class NumberedHook(TextHook):
    """A prompt "k" keeps the k best tracks; its loss pulls a learnt number up."""

    refer_threshold = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(()))
        self.calls = []

    def begin(self, prompts):
        self.calls.append(('begin', len(prompts)))
        return [prompt.text for prompt in prompts]

    def on_levels(self, levels, text):
        self.calls.append(('levels', len(levels[0]), len(text)))
        return levels

    def on_queries(self, queries, text, attn_mask=None):
        self.calls.append(('queries', len(queries.ids), len(text)))
        return replace(queries, content=queries.content + 1)

    def refer_scores(self, outputs, text):
        ranks = outputs.scores.argsort(descending=True).argsort()
        counts = torch.tensor([int(number) for number in text])
        return torch.where(ranks < counts[:, None], 0.9, 0.1)

    def loss(self, outputs, queries, targets, target_index, frames, samples, text):
        return dict(loss_refer=self.shift + sum(map(len, text)))


def test_a_text_hook_gives_each_prompt_its_own_tracks(build: Callable) -> None:
    model = easy_lifecycle(build('motr', text_hook=NumberedHook()))
    frames, _ = clip(walking(2))
    assert model.estimator.reads_prompt and not build('motr').estimator.reads_prompt
    batch_sizes = []
    extract = model.estimator.detector.extract
    model.estimator.detector.extract = lambda f: (
        batch_sizes.append(len(f)) or extract(f)
    )
    run = model.begin(video(), [Prompt('50'), Prompt('1'), Prompt('0')])
    results = run.push(frames)
    assert batch_sizes == [2]  # the prompts share backbone and neck
    counts = [[len(tracks) for tracks in result.prompt_tracks] for result in results]
    assert counts[0][0] > 1 and counts[0][1:] == [1, 0] and counts[1][2] == 0
    all_tracks, best_track, _ = results[0].prompt_tracks
    assert set(best_track.ids) <= set(all_tracks.ids)
    assert best_track.scores.tolist() == pytest.approx([0.9])
    calls = model.estimator.text_hook.calls
    assert calls == [
        ('begin', 3),  # once a video, not once a frame
        ('levels', 6, 3),
        ('queries', 3, 3),
        ('queries', 3, 3),
    ]


def test_prompt_batch_is_the_most_rows_that_are_encoded(build: Callable) -> None:
    """Five prompts as 2, 2 and 1; of three frames one at a time, of one prompt two."""
    model = build('motr', text_hook=NumberedHook(), prompt_batch=2)
    frames, _ = clip(walking(3))
    model.begin(video(), [Prompt(text) for text in '12345']).push(frames)
    calls = model.estimator.text_hook.calls
    assert [call for call in calls if call[0] == 'begin'] == [
        ('begin', count) for count in (2, 2, 1)
    ]
    rows = [call[1:] for call in calls if call[0] == 'levels']
    assert rows == [(2, 2)] * 6 + [(2, 1), (1, 1)]
    with pytest.raises(ValueError, match='prompt_batch.*got 0'):
        build('motr', prompt_batch=0)


class ScoringHook(NumberedHook):
    """The same scores, and nothing that changes a track."""

    fuses_levels = guides_queries = False

    def on_levels(self, levels, text):
        raise AssertionError('it has said that it does nothing here')

    def on_queries(self, queries, text, attn_mask=None):
        raise AssertionError('it has said that it does nothing here')


class GuidingHook(ScoringHook):
    """Each prompt shifts its queries by its own length, behind one memory."""

    guides_queries = True

    def on_queries(self, queries, text, attn_mask=None):
        shifts = torch.tensor([float(len(t)) for t in text])
        rows = shifts.repeat(len(queries.ids) // len(text))
        return replace(queries, content=queries.content + rows[:, None, None])


class FusingHook(GuidingHook):
    """The same, with a memory for each prompt."""

    fuses_levels = True

    def on_levels(self, levels, text):
        return levels


def test_guided_queries_have_tracks_of_their_own_behind_one_memory(
    build: Callable,
) -> None:
    frames, _ = clip(walking(4))
    prompts = [Prompt(text) for text in ('5', '50000', '500')]
    runs = []
    for hook, prompt_batch in (
        (FusingHook(), 8),
        (GuidingHook(), 8),
        (GuidingHook(), 2),
    ):
        options = dict(text_hook=hook, prompt_batch=prompt_batch)
        model = easy_lifecycle(build('motr', **options))
        encoded = []
        encode = model.estimator.encode
        model.estimator.encode = lambda *args, rows=encoded, encode=encode, **options: (
            rows.append(options.get('copies', 1)) or encode(*args, **options)
        )
        run = model.begin(video(), prompts)
        results = run.push(frames[:2]) + run.push(frames[2:])
        runs.append([tracks for result in results for tracks in result.prompt_tracks])
        assert set(encoded) == {3 if hook.fuses_levels else 1}
    for tracks in runs[1:]:
        for expected, own in zip(runs[0], tracks, strict=True):
            np.testing.assert_array_equal(own.ids, expected.ids)
            np.testing.assert_allclose(own.boxes, expected.boxes, atol=1e-3)
    first, second, _ = runs[0][-3:]
    assert len(first) and not np.array_equal(first.boxes, second.boxes)


@pytest.mark.parametrize('hook_type', [ScoringHook, GuidingHook])
@pytest.mark.parametrize('num_frames', [1, 3])
def test_clips_of_several_prompts_behind_a_frozen_encoder(
    hook_type: type[ScoringHook], num_frames: int, build: Callable
) -> None:
    """One memory a frame, a row for each prompt: the losses of an encoder that learns."""
    losses = []
    for freeze_encoder in (False, True):
        torch.manual_seed(0)
        options = dict(text_hook=hook_type(), freeze_encoder=freeze_encoder)
        model = build('motr', **options).train()
        inputs, samples = batch(clip(walking(num_frames)))
        prompts = [Prompt('5'), Prompt('500')]
        samples[0].set_metainfo(dict(prompt=prompts[0], prompts=prompts))
        model.clip_training.generator = np.random.default_rng(0)
        losses.append(model.loss(inputs, samples))
    for name, loss in losses[0].items():
        assert float(losses[1][name]) == pytest.approx(float(loss), rel=1e-4), name
    assert float(losses[0]['loss_refer']) > 0


def test_shared_tracks_have_features_for_each_prompt(build: Callable) -> None:
    model = easy_lifecycle(build('motr', text_hook=ScoringHook()))
    estimator = model.estimator
    frames, _ = clip(walking(2))
    state = estimator.begin(
        video(), [Prompt('2'), Prompt('50')], needs=frozenset({TRACK_FEATURES})
    )
    some, everybody = (
        estimate.tracks[-1] for estimate in estimator.step(state, frames)
    )
    assert len(some) == 2 < len(everybody)
    assert some.features.shape == (2, 1, *everybody.features.shape[2:])
    rows = [everybody.ids.tolist().index(track_id) for track_id in some.ids]
    assert torch.equal(some.features, everybody.features[rows])


def test_prompts_that_change_no_track_share_one_run(build: Callable) -> None:
    """Four prompts are decoded as one row; each has what it has by itself."""
    model = easy_lifecycle(build('motr', text_hook=ScoringHook(), prompt_batch=2))
    frames, _ = clip(walking(3))
    rows = decoded_rows(model)
    prompts = [Prompt(text) for text in ('50', '1', '0', '2')]
    together = model.begin(video(), prompts).push(frames)
    assert rows == [1, 1, 1]
    for number, prompt in enumerate(prompts):
        alone = model.begin(video(), [prompt]).push(frames)
        for one, all_prompts in zip(alone, together, strict=True):
            (expected,), tracks = one.prompt_tracks, all_prompts.prompt_tracks[number]
            np.testing.assert_array_equal(tracks.ids, expected.ids)
            np.testing.assert_array_equal(tracks.boxes, expected.boxes)
            np.testing.assert_array_equal(tracks.scores, expected.scores)
    counts = [len(tracks) for tracks in together[1].prompt_tracks]
    assert counts[0] > 2 and counts[1:] == [1, 0, 2]


def test_memory_without_a_text_may_be_frozen_and_cached(
    build: Callable, tmp_path: Path
) -> None:
    options = dict(freeze_encoder=True, cache=str(tmp_path))
    with pytest.raises(ValueError, match='a text is fused before the encoder'):
        build('motr', text_hook=NumberedHook(), **options)
    model = easy_lifecycle(build('motr', text_hook=ScoringHook(), **options))
    frames, _ = clip(walking(2))
    prompts = [Prompt('50'), Prompt('1')]
    first = model.begin(video(), prompts).push(frames)
    model.estimator.detector.extract = None  # it is not asked again
    again = model.begin(video(), prompts).push(frames)
    for one, two in zip(first, again, strict=True):
        for a, b in zip(one.prompt_tracks, two.prompt_tracks, strict=True):
            np.testing.assert_array_equal(a.ids, b.ids)


def test_the_frame_before_is_that_of_another_part(build: Callable) -> None:
    """TransTrack joins the maps of two frames, also where each is encoded by itself."""
    frames, _ = clip(walking(4))
    results = []
    for prompt_batch in (1, None):
        model = easy_lifecycle(build('transtrack', text_hook=TextHook()))
        model.estimator.prompt_batch = prompt_batch
        run = model.begin(video(), [Prompt('a'), Prompt('b')])
        frame_results = run.push(frames[:3]) + run.push(frames[3:])
        results.append([t for r in frame_results for t in r.prompt_tracks])
    assert sum(map(len, results[0])) > 4
    for single, batched in zip(*results, strict=True):
        np.testing.assert_array_equal(single.ids, batched.ids)
        np.testing.assert_allclose(single.boxes, batched.boxes, atol=1e-3)


@torch.no_grad()
def test_the_next_frame_has_no_text_of_this_one(build: Callable) -> None:
    estimator = build('motr', text_hook=NumberedHook()).estimator
    frames, _ = clip(walking(1))
    text = estimator.text_of([Prompt('1')])
    memory = estimator.encode(estimator.detector.extract(frames), None, 1, text)
    new = estimator.new_queries(1, None, None)
    queries, _ = estimator.decode(memory, new, None, text)
    torch.testing.assert_close(queries.content, new.content, rtol=0, atol=0)


@pytest.mark.parametrize('paper', PAPERS)
def test_a_hook_that_does_nothing_changes_no_bit(paper: str, build: Callable) -> None:
    losses, results = [], []
    for hook in (None, TextHook()):
        model = easy_lifecycle(build(paper))
        model.estimator.text_hook = hook
        frames, sample = clip(walking(3, 3))
        run = model.begin(frames[0].video)
        results += [[(r.tracks.ids, r.tracks.boxes) for r in run.push(frames)]]
        model.train().clip_training.generator = np.random.default_rng(0)
        losses.append(model.loss(*batch((frames, sample))))
    for (ids, boxes), (hook_ids, hook_boxes) in zip(*results, strict=True):
        assert ids.tolist() == hook_ids.tolist()
        np.testing.assert_array_equal(boxes, hook_boxes)
    assert losses[0].keys() == losses[1].keys()
    for name, value in losses[0].items():
        torch.testing.assert_close(value, losses[1][name], rtol=0, atol=0)


def test_the_loss_of_a_text_hook_is_divided_as_the_others(build: Callable) -> None:
    model = build('motr', text_hook=NumberedHook()).train()
    inputs, samples = batch(clip(walking(2)), clip(walking(2), 'other'))
    for sample, text in zip(samples, ('a', 'bcd'), strict=True):
        sample.set_metainfo(dict(prompt=Prompt(text)))
    losses = model.loss(inputs, samples)
    # 4 letters in each of 2 frames, over at least 2 x 2 x 2 objects.
    assert 0 < losses['loss_refer'] <= 4 * 2 / 8
    losses['loss_refer'].backward()
    assert model.estimator.text_hook.shift.grad > 0
    # Levels of 2 frames of 2 clips, time first.
    assert model.estimator.text_hook.calls[:2] == [('begin', 2), ('levels', 4, 2)]
