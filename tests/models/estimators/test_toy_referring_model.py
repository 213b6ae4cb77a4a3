"""The contract of a referring tracker: prompts share what does not read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from mmsmot.models.estimators import BaseEstimator, Estimate
from mmsmot.models.smot import SMOT
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    Tracks,
    VideoInfo,
)

VIDEO = VideoInfo(name='colours', path='colours', fps=10.0, width=60, height=40)
COLOURS = {'blue': (255, 0, 0), 'green': (0, 255, 0), 'red': (0, 0, 255)}


class ToyReferringEstimator(BaseEstimator):
    """Finds squares of one colour, and tracks those whose colour a prompt names.

    Attributes:
        num_detected: How many frames were detected in.
    """

    reads_prompt = True

    def __init__(self) -> None:
        super().__init__()
        self.num_detected = 0

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> list[set[str]]:
        texts = [prompt.text.lower() for prompt in prompts] or [' '.join(COLOURS)]
        return [{name for name in COLOURS if name in text} for text in texts]

    def step(self, state: list[set[str]], frames: Sequence[Frame]) -> list[Estimate]:
        colours, detections = zip(*map(self._detect, frames), strict=True)
        return [
            Estimate(
                list(detections),
                [
                    self._tracks(frame_colours, frame_detections, named)
                    for frame_colours, frame_detections in zip(
                        colours, detections, strict=True
                    )
                ],
            )
            for named in state
        ]

    def _detect(self, frame: Frame) -> tuple[list[str], Detections]:
        self.num_detected += 1
        names, boxes = [], []
        for name, colour in COLOURS.items():
            rows, columns = np.nonzero((frame.image == colour).all(axis=2))
            if len(rows):
                names.append(name)
                box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
                boxes.append(box)
        boxes = np.array(boxes, float).reshape(-1, 4)
        return names, Detections(boxes, np.ones(len(boxes)))

    @staticmethod
    def _tracks(names: list[str], detections: Detections, asked: set[str]) -> Tracks:
        index = np.array([k for k, name in enumerate(names) if name in asked], np.int64)
        ids = np.array([1 + [*COLOURS].index(names[k]) for k in index], np.int64)
        return Tracks(ids, detections.boxes[index], np.ones(len(ids)), ids * 0, index)


def frames(count: int = 5) -> list[Frame]:
    """Three squares; the green one moves."""
    made = []
    for t in range(count):
        image = np.zeros((40, 60, 3), np.uint8)
        image[5:15, 5:15] = COLOURS['blue']
        image[20:30, 10 + t : 20 + t] = COLOURS['green']
        image[5:15, 40:50] = COLOURS['red']
        made.append(Frame(VIDEO, t + 1, t / 10, load=lambda image=image: image))
    return made


@pytest.fixture
def model() -> SMOT:
    return SMOT(estimator=ToyReferringEstimator()).eval()


def test_two_prompts_get_their_own_tracks_from_one_pass(model: SMOT) -> None:
    prompts = [Prompt('the green square'), Prompt('red and blue squares')]
    run = model.begin(VIDEO, prompts)
    results = run.push(frames())
    assert [t.ids.tolist() for t in results[0].prompt_tracks] == [[2], [1, 3]]
    green, others = run.finish()
    assert [green.prompt, others.prompt] == prompts
    assert set(green.trajectories.ids.tolist()) == {2}
    np.testing.assert_array_equal(green.trajectories.boxes[:, 0], [10, 11, 12, 13, 14])
    assert set(others.trajectories.ids.tolist()) == {1, 3}
    assert model.estimator.num_detected == 5  # not ten


def test_a_second_prompt_gets_its_own_result(model: SMOT) -> None:
    tables = []
    for text in ('green', 'red'):
        run = model.begin(VIDEO, [Prompt(text)])
        run.push(frames())
        tables.append(run.finish()[0].trajectories)
    assert [set(t.ids.tolist()) for t in tables] == [{2}, {3}]


def test_without_a_prompt_everything_is_tracked(model: SMOT) -> None:
    run = model.begin(VIDEO)
    run.push(frames())
    (result,) = run.finish()
    assert result.prompt is None
    assert set(result.trajectories.ids.tolist()) == {1, 2, 3}


def test_as_many_estimates_as_prompts(model: SMOT) -> None:
    model.estimator.step = lambda state, frames: []
    run = model.begin(VIDEO, [Prompt('green')])
    with pytest.raises(ValueError, match='gave 0 estimates for 1 prompts'):
        run.push(frames())


class FewFrames:
    """A source of frames, as a ``VideoReader`` is one."""

    video = VIDEO

    def batches(self, size: int) -> Iterator[list[Frame]]:
        for frame in frames():
            yield [frame]


def prompt_sample(text: str) -> SMOTDataSample:
    prompt = Prompt(text)
    frame_ids = np.arange(1, 6)
    return SMOTDataSample(
        metainfo=dict(video=VIDEO, frame_ids=frame_ids, prompt=prompt)
    )


def test_prompts_of_one_video_in_a_batch_share_a_run(model: SMOT) -> None:
    samples = [prompt_sample(text) for text in ('green', 'red', 'red')]
    model.predict([FewFrames()] * 3, samples)
    ids = [set(s.pred_trajectories.ids.tolist()) for s in samples]
    assert ids == [{2}, {3}, {3}]
    # The same prompt again is another sample, with a run of its own.
    assert model.estimator.num_detected == 10
