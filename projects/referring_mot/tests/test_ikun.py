"""iKUN: training and online scores agree, prompts share what they can, its variants."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from mmsmot.models.estimators.detect_and_track import DetectAndTrack
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import BaseTracker
from mmsmot.registry import MODELS, TRACKERS
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    ReferringExpression,
    SMOTDataSample,
    Tracks,
    Trajectories,
    VideoInfo,
)
from projects.referring_mot import referring_mot
from projects.referring_mot.datasets.referred_boxes import ExpressionCount
from projects.referring_mot.models import ikun
from projects.referring_mot.models.clip_windows import clip_windows, window_layout
from projects.referring_mot.models.expression_statistics_hook import (
    expression_frequencies,
)
from projects.referring_mot.models.ikun import IKUN
from projects.referring_mot.models.knowledge_unification import MODES
from projects.referring_mot.models.refer_filter import ReferFilter
from projects.referring_mot.models.similarity_calibration import SimilarityCalibration
from projects.referring_mot.models.track_windows import TrackWindows
from projects.referring_mot.models.window_pooling import box_motion

assert referring_mot  # registers the parts

VIDEO = VideoInfo('squares', 'squares', 8.0, 60, 40)
LENGTH = 4
CHANNELS = dict(channels=16, text_channels=16)


def gt() -> Trajectories:
    """Id 1 moves to the right; id 2 stands, and is not there in frame 2."""
    rows = [(t, 1, 5 + 3 * t) for t in range(1, LENGTH + 1)]
    rows += [(t, 2, 40) for t in range(1, LENGTH + 1) if t != 2]
    frames, ids, x1 = np.array(sorted(rows)).T
    boxes = np.stack([x1, x1 * 0 + 10, x1 + 8, x1 * 0 + 30], 1).astype(float)
    return Trajectories(frames, ids, boxes)


def frames() -> list[Frame]:
    noise = np.random.default_rng(0).integers(0, 255, (LENGTH, 40, 60, 3), np.uint8)
    return [
        Frame(VIDEO, t + 1, t / 8, load=lambda image=noise[t]: image)
        for t in range(LENGTH)
    ]


@TRACKERS.register_module()
class GroundTruthTracker(BaseTracker):
    """Reports the trajectories of :func:`gt`."""

    def reset(self) -> None:
        pass

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        rows = gt()[gt().frame_ids == frame.frame_id]
        return Tracks(rows.ids, rows.boxes, rows.scores, rows.labels, rows.det_index)


def estimator_config(
    mode: str = 'cascade', pooling: str = 'attention', **options: Any
) -> dict:
    pooled = dict(type='CosinePooling', **CHANNELS, joint_channels=8)
    if pooling == 'attention':
        pooled = dict(
            type='WindowAttention', **CHANNELS, window=2, num_heads=2, ffn_channels=16
        )
    return dict(
        type='IKUN',
        visual_encoder=dict(type='ConvEncoder', widths=(8, 16)),
        text_encoder=dict(
            type='SmallTextEncoder',
            tokenizer=dict(type='CaptionTokenizer', vocab_size=300),
            channels=16,
            ffn_channels=16,
        ),
        unification=dict(
            type='KnowledgeUnification', **CHANNELS, mode=mode, num_heads=2
        ),
        pooling=pooled,
        **{
            **dict(tracker=dict(type='GroundTruthTracker')),
            **dict(local_size=(16, 16), global_size=(16, 24), window=2, stride=2),
            **options,
        },
    )


def build(mode: str = 'cascade', pooling: str = 'attention', **options: Any) -> SMOT:
    torch.manual_seed(0)
    estimator = estimator_config(mode, pooling, **options)
    model = MODELS.build(dict(type='SMOT', estimator=estimator))
    model.estimator.text_encoder.tokenizer.train_on(['people on the right', 'boxes'])
    return model.eval()


def run(model: SMOT, prompts: list[str]) -> list[Trajectories]:
    video_run = model.begin(VIDEO, [Prompt(text) for text in prompts])
    for frame in frames():
        video_run.push([frame])
    return [result.trajectories for result in video_run.finish()]


def sample(frame_ids: list[int], sentences: dict[str, dict]) -> SMOTDataSample:
    clip_sample = SMOTDataSample(
        metainfo=dict(video=VIDEO, frame_ids=np.array(frame_ids))
    )
    clip_sample.gt_trajectories = gt()[np.isin(gt().frame_ids, frame_ids)]
    clip_sample.gt_expressions = [
        ReferringExpression(text, labels) for text, labels in sentences.items()
    ]
    return clip_sample


@pytest.mark.parametrize('pooling', ['attention', 'cosine'])
@pytest.mark.parametrize('mode', MODES)
def test_a_clip_of_training_scores_as_the_window_of_a_run(
    mode: str, pooling: str
) -> None:
    """Frames 2 and 4 are the window that ends with frame 4; id 2 is not in frame 2."""
    model = build(mode, pooling)
    sentences = {'people on the right': {2: (1,), 4: (1,)}, 'boxes': {4: (2,)}}
    online = run(model, [*sentences])
    clip = sample([2, 4], sentences)
    inputs = [[frames()[1]], [frames()[3]]]
    with torch.no_grad():
        logits, labels = model.estimator._clip_logits(
            inputs, [clip], [clip_windows(clip)]
        )
    scores = [t.scores[t.frame_ids == 4] for t in online]
    expected = np.stack(scores, 1).reshape(-1)  # tracks, then sentences
    np.testing.assert_allclose(logits.sigmoid().numpy(), expected, atol=1e-6)
    assert labels.tolist() == [1, 0, 0, 1]


def test_a_prompt_scores_the_same_alone_and_beside_others() -> None:
    model = build()
    texts = ['people on the right', 'boxes', '穿红衣服的人', 'word ' * 500]
    tables = run(model, texts)
    for text, table in zip(texts, tables, strict=True):
        (single,) = run(model, [text])
        np.testing.assert_allclose(single.scores, table.scores, atol=1e-6)
    assert np.ptp([t.scores[0] for t in tables]) > 1e-4


def test_prompts_share_the_images() -> None:
    model = build()
    calls = []
    encode = model.estimator.encode
    model.estimator.encode = lambda *args: calls.append(1) or encode(*args)
    run(model, ['people on the right', 'boxes', 'others'])
    assert len(calls) == LENGTH


def test_without_a_prompt_everybody_is_meant() -> None:
    (table,) = run(build(), [])
    assert len(table) == len(gt())
    assert (table.scores == 1).all()


def test_nothing_of_the_tracking_is_replaced() -> None:
    """A name of its own that is one of ``DetectAndTrack`` would break detection."""
    names = {n for n in vars(IKUN) if not n.startswith('__')}
    inherited = {n for n in vars(DetectAndTrack) if not n.startswith('__')}
    assert names & inherited == {'begin', 'step', 'loss', 'parts'}


def test_a_threshold_leaves_tracks_out_online() -> None:
    (everybody,) = run(build(), ['boxes'])
    middle = float(np.median(everybody.scores))
    (confident,) = run(build(threshold=middle), ['boxes'])
    assert len(confident) == (everybody.scores >= middle).sum() < len(everybody)


def test_a_video_of_another_rate_has_windows_as_long_in_seconds() -> None:
    model = build(fps=8.0)
    for rate, stride in ((8.0, 2), (25.0, 6), (2.0, 1)):
        video = VideoInfo('a', 'a', rate)
        state = model.estimator.begin(video, [Prompt('boxes')], needs=frozenset())
        assert state.windows.stride == stride


def test_boxes_alone_are_refused() -> None:
    with pytest.raises(ValueError, match='IKUN reads sentences'):
        build().begin(VIDEO, [Prompt(boxes={1: (0, 0, 5, 5)})])


def test_the_loss_falls_on_two_clips() -> None:
    torch.manual_seed(0)
    model = build().train()
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    sentences = {'people on the right': {2: (1,), 4: (1,)}, 'boxes': {4: (2,)}}
    clips = [sample([2, 4], sentences), sample([1, 3], {'boxes': {1: (2,), 3: (2,)}})]
    inputs = [[frames()[1], frames()[0]], [frames()[3], frames()[2]]]
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        loss = model.loss(inputs, clips)['loss_refer']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.3 * losses[0]


def test_noise_is_on_the_boxes_whose_motion_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = sample([2, 4], {'boxes': {4: (2,)}})
    window = clip_windows(clip)
    inputs = [[frames()[1]], [frames()[3]]]
    motion_boxes: list[torch.Tensor] = []

    def spy(boxes: torch.Tensor, *args: torch.Tensor) -> torch.Tensor:
        motion_boxes.append(boxes)
        return box_motion(boxes, *args)

    monkeypatch.setattr(ikun, 'box_motion', spy)
    for noise in (0.0, 0.1):
        build(box_noise=noise).train().loss(inputs, [clip])
    np.testing.assert_allclose(motion_boxes[0].numpy(), window.boxes, rtol=1e-6)
    way = np.abs(motion_boxes[1].numpy() - window.boxes)
    sides = np.tile(window.boxes[..., 2:] - window.boxes[..., :2], 2)
    assert (way[window.mask] > 0).all()
    assert (
        way <= 0.2 * sides + 1e-4
    ).all()  # two deviations; none where there is no box


def test_the_loss_is_focal() -> None:
    """The mean of (1 - p of the true label)^2 times the cross-entropy."""
    model = build()
    clip = sample(
        [2, 4], {'people on the right': {2: (1,), 4: (1,)}, 'boxes': {4: (2,)}}
    )
    inputs = [[frames()[1]], [frames()[3]]]
    with torch.no_grad():
        logits, labels = model.estimator._clip_logits(
            inputs, [clip], [clip_windows(clip)]
        )
        loss = float(model.loss(inputs, [clip])['loss_refer'])
    p = 1 / (1 + np.exp(-logits.double().numpy()))
    p_true = np.where(labels.numpy() > 0, p, 1 - p)
    expected = ((1 - p_true) ** 2 * -np.log(p_true)).mean()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_a_label_holds_in_half_of_the_window() -> None:
    """Of three boxes in one it does not; of two in one it does."""
    labels = {'once': {3: (1,)}, 'twice': {3: (1,), 4: (1,)}, 'now': {4: (2,)}}
    window = clip_windows(sample([1, 3, 4], labels))
    assert window.labels.tolist() == [[False, True, False], [False, False, False]]
    window = clip_windows(sample([2, 4], {'once': {4: (1,)}}))
    assert window.labels.tolist() == [[True], [False]]


def test_a_short_window_loses_its_first_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skips: list[int] = []

    def spy(clip: SMOTDataSample, skip: int) -> Any:
        skips.append(skip)
        return clip_windows(clip, skip)

    monkeypatch.setattr(ikun, 'clip_windows', spy)
    clip = sample([2, 4], {'boxes': {4: (2,)}})
    for share in (0.0, 1.0):
        build(short_windows=share).loss([[frames()[1]], [frames()[3]]], [clip])
    assert skips == [0, 1]


def test_clips_without_tracks_or_expressions_have_no_loss() -> None:
    model = build().train()
    clip = sample([2, 4], {})
    loss = model.loss([[frames()[1]], [frames()[3]]], [clip])['loss_refer']
    loss.backward()
    assert float(loss) == 0


def test_a_clip_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match='a clip has 1 frames, and a window=2'):
        build().loss([[frames()[3]]], [sample([4], {'boxes': {}})])


def test_the_layout_counts_boxes_as_they_are_encoded() -> None:
    clips = [
        clip_windows(sample([2, 4], {'boxes': {}})),
        clip_windows(sample([1, 3], {'boxes': {}})),
    ]
    layout = window_layout(clips)
    assert layout.box_rows.tolist() == [[0, 1], [-1, 2], [3, 5], [4, 6]]
    assert layout.frames.tolist() == [0, 1, 1, 2, 2, 3, 3]
    short = clip_windows(sample([2, 4], {'boxes': {}}), skip=1)
    assert short.mask.tolist() == [[False, True], [False, True]]


def test_windows_follow_the_live_tracks() -> None:
    windows = TrackWindows(window=2, stride=2)
    for frame, ids in enumerate(([1, 2], [2], [3, 2], [2, 3])):
        rows = torch.tensor([[[100.0 * frame + i]] for i in ids])
        windows.push(np.array(ids), rows, torch.zeros(len(ids), 4))
    features, _, mask = windows.of(np.array([3, 2]))
    assert features[:, :, 0, 0].tolist() == [[0, 303], [102, 302]]
    assert mask.tolist() == [[False, True], [True, True]]
    assert sorted(windows.ids.tolist()) == [2, 3]  # 1 was not seen in three frames
    windows.forget([3])
    assert windows.ids.tolist() == [2]


def test_motion_is_measured_from_the_last_box() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 20], [0, 0, 0, 0], [30, 10, 50, 50]]])
    mask = torch.tensor([[True, False, True]])
    motion = box_motion(boxes, mask, torch.tensor([[100.0, 50.0]]))[0]
    way = [(40 - 5) / 40, (50 - 20) / 40, (30 - 10) / 40, np.log(2)]
    expected = [0.05, 0.2, 0.1, 0.4, *way]
    np.testing.assert_allclose(motion[0], expected, rtol=1e-6)
    assert motion[1].abs().sum() == 0
    np.testing.assert_allclose(motion[2], [0.4, 0.6, 0.2, 0.8, 0, 0, 0, 0], atol=1e-7)


class TestReferFilter:
    """Scores of windows to frames."""

    @staticmethod
    def table() -> Trajectories:
        frames = np.array([1, 1, 2, 3, 3, 4])
        ids = np.array([1, 2, 1, 1, 2, 1])
        scores = np.array([0.1, 1.0, 0.3, 0.8, 0.0, 0.9])
        boxes = np.tile([0.0, 0, 5, 5], (6, 1))
        return Trajectories(frames, ids, boxes, scores)

    def test_a_frame_has_the_mean_of_the_windows_it_is_in(self) -> None:
        part = ReferFilter(window=2, stride=1, threshold=0.5)
        means = part.mean_scores(self.table(), np.arange(1, 5))
        # Id 2 has no box in frame 2, so the window of frame 3 is beyond its span.
        np.testing.assert_allclose(means, [0.2, 1.0, 0.55, 0.85, 0.0, 0.9])
        referred = part(self.table(), np.arange(1, 5))
        assert list(zip(referred.frame_ids, referred.ids, strict=True)) == [
            (1, 2),
            (2, 1),
            (3, 1),
            (4, 1),
        ]

    def test_a_span_counts_the_frames_that_were_tracked(self) -> None:
        table = self.table()
        sparse = Trajectories(
            10 * table.frame_ids, table.ids, table.boxes, table.scores
        )
        part = ReferFilter(window=2, stride=1)
        np.testing.assert_allclose(
            part.mean_scores(sparse, 10 * np.arange(1, 5)),
            part.mean_scores(table, np.arange(1, 5)),
        )

    @pytest.mark.parametrize(
        ('rate', 'span'), [(8, 7), (30, 23), (25, 19), (7, 7), (1, 3)]
    )
    def test_a_span_is_that_of_the_windows(self, rate: float, span: int) -> None:
        """At 25 frames a second the windows of IKUN reach over 19 frames."""
        options = dict(window=3, stride=3, fps=8.0)
        part = ReferFilter(threshold=0.4, **options).at_fps(rate)
        assert (part.span, part.threshold) == (span, 0.4)
        video = VideoInfo('a', 'a', rate)
        state = build(**options).estimator.begin(
            video, [Prompt('boxes')], needs=frozenset()
        )
        assert state.windows.span == span
        assert ReferFilter(window=3, stride=3).at_fps(30).span == 7

    def test_a_run_tells_the_rate_of_its_video(self) -> None:
        """Frames 1 to 4 at 16 a second are all in a span of 2 at 4 a second."""
        model = build()
        model.post_processing = [
            ReferFilter(window=2, stride=1, fps=4.0, threshold=0.0)
        ]
        table = self.table()
        refined = model.refine(table, np.arange(1, 5), 16.0)
        expected = ReferFilter(window=2, stride=4).mean_scores(table, np.arange(1, 5))
        np.testing.assert_allclose(refined.scores, expected)

    def test_nothing_stays_nothing(self) -> None:
        assert len(ReferFilter()(Trajectories.empty())) == 0


def text_features(vectors: dict[str, list[float]]) -> Any:
    """A text encoder that knows some sentences."""
    return lambda texts: SimpleNamespace(
        sentences=torch.tensor([vectors[text] for text in texts])
    )


def test_calibration_is_the_released_formula() -> None:
    """Box frequencies sum to 1; the formula in NumPy, sentence by sentence."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((6, 4))
    texts = [f'sentence {k}' for k in range(5)]
    encoder = text_features(dict(zip(texts, vectors[:5].tolist(), strict=True)))
    counts = [
        ExpressionCount(t, n, 0.9) for t, n in zip(texts, range(1, 6), strict=True)
    ]
    frequencies = expression_frequencies(counts, 'boxes')
    assert sum(frequencies.values()) == pytest.approx(1)
    part = SimilarityCalibration(temperature=3.0)
    with pytest.raises(ValueError, match='knows no training expression'):
        part(torch.zeros(1, 4), encoder)
    part.learn(frequencies)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = units[:5] @ units[5]
    similarity = (similarity - similarity.min()) / np.ptp(similarity)
    weights = np.exp(3.0 * similarity) / np.exp(3.0 * similarity).sum()
    expected = 8 * (weights * np.arange(1, 6) / 15).sum() - 0.1
    value = part(torch.from_numpy(vectors[5:]).float(), encoder)
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_calibration_is_added_to_the_cosine() -> None:
    """A sentence with frequency .1 moves the cosine by .7, and its logit by 10 * .7."""
    options = dict(calibration=dict(type='SimilarityCalibration'))
    plain = build(pooling='cosine')
    part = build(pooling='cosine', **options)
    part.load_state_dict(plain.state_dict(), strict=False)
    part.estimator.calibration.learn({'boxes': 0.1})
    logits = [
        torch.from_numpy(run(model, ['boxes'])[0].scores).logit()
        for model in (plain, part)
    ]
    expected = torch.full_like(logits[0], 10 * (8 * 0.1 - 0.1))
    torch.testing.assert_close(logits[1] - logits[0], expected, atol=1e-3, rtol=0)
    with pytest.raises(
        ValueError, match="not to WindowAttention: set frequency='tracks'"
    ):
        build(**options)


def test_calibration_by_tracks_is_ours() -> None:
    encoder = text_features({'a': [1.0, 0.0], 'b': [0.0, 1.0]})
    counts = [ExpressionCount('a', 9, 0.5), ExpressionCount('b', 1, 0.25)]
    part = SimilarityCalibration(frequency='tracks')
    part.learn(expression_frequencies(counts, 'tracks'))
    values = part(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), encoder)
    torch.testing.assert_close(values, torch.tensor([0.0, -0.25]))
    restored = SimilarityCalibration(frequency='tracks')
    restored.set_extra_state(part.get_extra_state())
    assert restored.frequencies == {'a': 0.5, 'b': 0.25}
    for state in (part.get_extra_state(), torch.tensor([65], dtype=torch.uint8)):
        with pytest.raises(ValueError, match='holds no frequencies .* in boxes'):
            SimilarityCalibration().set_extra_state(state)


def test_matching_goes_behind_another_tracker(tmp_path: Path) -> None:
    model = build()
    with torch.no_grad():
        for part in model.estimator.pooling.parameters():
            part.add_(0.01)
    path = tmp_path / 'model.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    loaded = build(matching=str(path))
    expected, actual = run(model, ['boxes'])[0], run(loaded, ['boxes'])[0]
    np.testing.assert_allclose(actual.scores, expected.scores, atol=1e-7)
    torch.save(
        dict(state_dict={'estimator.pooling.position': torch.zeros(2, 16)}), path
    )
    with pytest.raises(ValueError, match='not the weights of this IKUN'):
        build(matching=str(path))
