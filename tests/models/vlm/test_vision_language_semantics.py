"""Detector, tracker and words of transformers, from folders, on a generated clip."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('transformers', reason='needs transformers')

from torch import nn

from mmsmot.apis import SMOTInferencer, SMOTSession
from mmsmot.datasets import open_video
from mmsmot.engine import load_config
from mmsmot.models.detection_caching import cache_detections
from mmsmot.models.language import VisionLanguageModel
from mmsmot.models.smot import SMOT
from mmsmot.models.vlm.vision_language_semantics import VisionLanguageSemantics
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, SMOTDataSample, VideoInfo
from tests.demo_scene import make_demo_scene
from tests.models.vlm.test_crop_buffer import tracks
from tests.tiny_transformers import save_detector, save_llava

VIDEO = VideoInfo('v', 'v', 10.0, 160, 120)
TWO = tracks(_1=(10, 20, 40, 80), _2=(50, 20, 80, 80))


class Scripted(nn.Module):
    """Answers by the colour around the first person, and keeps the questions."""

    def __init__(self, first_acts: str = 'hugs', second_acts: str = 'qwerty') -> None:
        super().__init__()
        self.answers = first_acts, second_acts
        self.asked: list[tuple[str, int]] = []

    def answer(self, questions) -> list[str]:
        said = []
        for question in questions:
            pictures = question.images()
            self.asked.append((question.text, len(pictures)))
            if 'red box' not in question.text:
                said.append(f'caption {len(self.asked)}')
                continue
            # Around who stands on the left there is a red box, or a blue one.
            left = pictures[0][:, : pictures[0].shape[1] // 2].astype(int)
            red = (left[..., 0] - left[..., 2]).max()
            blue = (left[..., 2] - left[..., 0]).max()
            said.append(self.answers[0] if red > blue else self.answers[1])
        return said


def frame(number: int) -> Frame:
    image = np.full((120, 160, 3), 90, np.uint8)
    return Frame(VIDEO, number, number / 10, lambda: image)


def seen(semantics: VisionLanguageSemantics, count: int = 6, shown=TWO):
    memory = semantics.begin()
    frames = [frame(t) for t in range(1, count + 1)]
    semantics.update(memory, None, frames, [shown] * count)
    return memory


def test_people_pairs_and_the_video_are_asked_about() -> None:
    model = Scripted()
    semantics = VisionLanguageSemantics(model=model, crop_buffer=dict(max_crops=2))
    said = semantics.generate(seen(semantics))
    assert said.captions == {1: 'caption 1', 2: 'caption 2'}
    assert said.video_caption == 'caption 5'
    assert said.interactions.as_pairs() == {(1, 2): {'embrace.v.02'}}
    assert said.interactions.start_frames.tolist() == [1]
    assert said.interactions.end_frames.tolist() == [6]
    text, count = model.asked[0]
    assert count == 2
    assert text.startswith('The 2 picture(s) show one person at 0.1 s, ')
    assert [count for _, count in model.asked] == [2, 2, 3, 3, 6]


def test_who_acts_is_drawn_in_red() -> None:
    model = Scripted(first_acts='pushes', second_acts='follows, hugs')
    semantics = VisionLanguageSemantics(model=model)
    pairs = semantics.generate(seen(semantics)).interactions.as_pairs()
    assert pairs == {(1, 2): {'push.v.01'}, (2, 1): {'follow.v.01', 'embrace.v.02'}}


def test_answers_that_name_no_verb_are_counted(monkeypatch) -> None:
    logged = []
    monkeypatch.setattr(
        'mmsmot.models.vlm.vision_language_semantics.print_log',
        lambda m, **_: logged.append(m),
    )
    semantics = VisionLanguageSemantics(model=Scripted('nothing', 'qwerty'))
    said = semantics.generate(seen(semantics))
    assert len(said.interactions) == 0
    assert len(logged) == 1
    assert "1 of 2 answers name none of the 335 verbs, such as 'qwerty'" in logged[0]


def test_only_pairs_that_were_near_for_long_and_not_too_many() -> None:
    far = tracks(_1=(10, 20, 40, 80), _2=(100, 20, 130, 80))
    model = Scripted()
    semantics = VisionLanguageSemantics(model=model)
    semantics.generate(seen(semantics, shown=far))
    assert len(model.asked) == 3  # two people and the video
    semantics.generate(seen(semantics, count=2))  # near in two frames of the three
    assert len(model.asked) == 6
    three = tracks(_1=(10, 20, 40, 80), _2=(50, 20, 80, 80), _3=(90, 20, 120, 80))
    few = VisionLanguageSemantics(model=model, max_pairs=1)
    few.generate(seen(few, shown=three))
    assert len(model.asked) == 6 + 3 + 2 + 1


def test_the_longest_pairs_first_and_of_these_the_nearest() -> None:
    """1 and 2 are near in five frames; 1 and 3, 2 and 3 in four, 2 and 3 with less gap."""
    model = Scripted()
    semantics = VisionLanguageSemantics(model=model, max_pairs=2, min_near_frames=1)
    buffer = semantics.begin()
    third = dict(_3=(84, 20, 96, 80))
    boxes = dict(_1=(40, 20, 70, 80), _2=(71, 20, 80, 80))
    for number in range(1, 6):
        shown = boxes | (third if number < 5 else {})
        semantics.update(buffer, None, [frame(number)], [tracks(**shown)])
    order = [row[:2] for row in semantics._pairs(buffer, {1, 2, 3}, None)]
    assert order == [(1, 2), (2, 3)]
    assert buffer.pairs[1, 3].mean_gap == pytest.approx(14 / 60)
    assert buffer.pairs[2, 3].mean_gap == pytest.approx(4 / 60)


def test_a_bound_for_a_whole_video(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = []
    monkeypatch.setattr(
        'mmsmot.models.vlm.vision_language_semantics.print_log',
        lambda m, **_: logged.append(m),
    )
    model = Scripted('hugs', 'hugs')
    semantics = VisionLanguageSemantics(model=model, max_video_pairs=1)
    buffer = seen(semantics)
    semantics.generate(buffer)  # asking about what lives costs nothing
    assert buffer.num_asked == 0
    first = semantics.generate(buffer, summarize=True, video_caption=False)
    assert len(first.interactions) == 2 and buffer.num_asked == 1
    second = semantics.generate(buffer, summarize=True, video_caption=False)
    assert len(second.interactions) == 0 and buffer.num_asked == 1
    assert logged == [
        'VisionLanguageSemantics: 1 pairs came near each other; asking about the 0 that '
        'were near longest (max_video_pairs), 0 questions'
    ]


def test_pairs_that_the_buffer_has_no_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = []
    monkeypatch.setattr(
        'mmsmot.models.vlm.vision_language_semantics.print_log',
        lambda m, **_: logged.append(m),
    )
    three = tracks(_1=(10, 20, 40, 80), _2=(50, 20, 80, 80), _3=(90, 20, 120, 80))
    options = dict(crop_buffer=dict(max_pairs=1))
    semantics = VisionLanguageSemantics(model=Scripted('hugs', 'hugs'), **options)
    semantics.generate(seen(semantics, shown=three))
    assert logged == [
        'VisionLanguageSemantics: more pairs were near than the 1 that are held '
        '(crop_buffer.max_pairs); those that were near in the fewest frames were left out'
    ]


def test_each_stage_has_its_seconds() -> None:
    semantics = VisionLanguageSemantics(model=Scripted())
    buffer = seen(semantics)
    semantics.generate(buffer)
    seconds = buffer.stopwatch.seconds
    assert [*seconds] == ['crops', 'captions', 'pairs', 'video caption']
    assert all(duration > 0 for duration in seconds.values())


def test_ids_stride_and_what_is_left_out() -> None:
    model = Scripted()
    semantics = VisionLanguageSemantics(model=model, video_prompt=None, frame_stride=2)
    memory = seen(semantics, count=7)
    assert [p.frame_id for p in memory.track_crops[1].items] == [1, 3, 5, 7]
    said = semantics.generate(memory, ids=[2, 99])
    assert (list(said.captions), len(said.interactions)) == ([2], 0)
    assert said.video_caption == ''
    silent = VisionLanguageSemantics(
        model=model, caption_prompt=None, interaction_prompt=None
    )
    said = silent.generate(seen(silent), video_caption=False)
    assert (said.captions, len(said.interactions), said.video_caption) == ({}, 0, '')
    empty = VisionLanguageSemantics(model=model)
    assert empty.generate(empty.begin()).captions == {}


@pytest.mark.parametrize(
    ('numbers', 'looked_at'),
    [
        ((1, 2, 3, 4, 5), [1, 3, 5]),
        ((2, 4, 6), [2, 4, 6]),  # a start of 2 with a stride of 2, or sparse numbers
        ((1, 2, 4, 5, 8), [1, 4, 8]),  # a stream that loses images
    ],
)
def test_no_numbering_hides_a_video(
    numbers: tuple[int, ...], looked_at: list[int]
) -> None:
    semantics = VisionLanguageSemantics(model=Scripted(), frame_stride=2)
    memory = semantics.begin()
    for number in numbers:
        semantics.update(memory, None, [frame(number)], [TWO])
    assert [p.frame_id for p in memory.track_crops[1].items] == looked_at


def test_a_prompt_about_one_image() -> None:
    model = Scripted()
    semantics = VisionLanguageSemantics(model=model, min_near_frames=1)
    semantics.generate(seen(semantics, count=1))
    assert len(model.asked) == 5
    for text, count in model.asked:
        assert count == 1
        assert text.startswith('The 1 picture(s) show ')


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match="only fields are {count} and {times}.*'who'"):
        VisionLanguageSemantics(model=Scripted(), caption_prompt='What does {who} do?')
    with pytest.raises(ValueError, match='frame_stride must be a whole number of 1'):
        VisionLanguageSemantics(model=Scripted(), frame_stride=0)
    with pytest.raises(TypeError, match='max_crop'):
        VisionLanguageSemantics(model=Scripted(), crop_buffer=dict(max_crop=2))


@pytest.fixture(scope='module')
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    home = tmp_path_factory.mktemp('folders')
    return str(save_detector(home / 'detector')), str(save_llava(home / 'words'))


@pytest.fixture(scope='module')
def model(folders: tuple[str, str]) -> SMOT:
    """The shipped config, with tiny folders in the place of names."""
    config = load_config('foundation/bytetrack_rtdetr_smolvlm', tiny_options(folders))
    return MODELS.build(config.model).eval()


def tiny_options(folders: tuple[str, str]) -> dict:
    return {
        'model.detector.model': folders[0],
        'model.semantics.model.name': folders[1],
        'model.semantics.model.max_new_tokens': 5,
        'model.semantics.frame_stride': 1,
        'model.semantics.min_near_frames': 1,
        'model.semantics.crop_buffer.near_distance': 50.0,
        # What random weights see is never sure.
        'model.tracker.track_threshold': 0.3,
        'model.tracker.birth_threshold': 0.3,
    }


@pytest.fixture(scope='module')
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('clip')
    return make_demo_scene(folder / 'walk', num_frames=9)


def test_a_video_goes_through_the_shipped_config(model: SMOT, clip: Path) -> None:
    video = open_video(clip)
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=np.arange(9)))
    (found,) = model.predict([video], [sample])
    ids = set(found.pred_trajectories.ids.tolist())
    assert len(ids) > 1
    assert (found.pred_trajectories.labels == 0).all()
    assert set(found.pred_captions) == ids
    assert all(1 <= len(t.split()) <= 5 for t in found.pred_captions.values())
    assert found.pred_video_caption
    pairs = found.pred_interactions
    assert len(pairs) > 0  # "hugs" is among the few words that the model has
    assert set(pairs.verbs) <= {'embrace.v.02', 'talk.v.01', 'walk.v.01'}
    assert {*pairs.subject_ids, *pairs.object_ids} <= ids
    assert (pairs.end_frames >= pairs.start_frames).all()
    again = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=np.arange(9)))
    (second,) = model.predict([open_video(clip)], [again])
    assert second.pred_captions == found.pred_captions


def test_a_result_tells_the_stages(
    folders: tuple[str, str], clip: Path, tmp_path: Path
) -> None:
    config = load_config('foundation/bytetrack_rtdetr_smolvlm', tiny_options(folders))
    begin = time.monotonic()
    result = SMOTInferencer(config)(clip, tmp_path, draw=False)
    duration = time.monotonic() - begin
    seconds = result['speed']['seconds']
    stages = ['detect', 'track', 'crops', 'captions', 'pairs', 'video caption']
    assert [stage for stage in seconds if stage in stages] == stages
    assert sum(seconds.values()) < duration
    assert seconds['generate'] < seconds['captions']  # what no stage is named for
    assert result['warnings'] == []


def test_a_run_that_was_killed_asks_only_the_rest(
    folders: tuple[str, str], clip: Path, tmp_path: Path, monkeypatch
) -> None:
    config = load_config('foundation/bytetrack_rtdetr_smolvlm', tiny_options(folders))
    answer_batch, batches = VisionLanguageModel._answer_batch, []

    def killed(self, questions):
        if len(batches) == 1:
            raise KeyboardInterrupt
        batches.append(len(questions))
        return answer_batch(self, questions)

    monkeypatch.setattr(VisionLanguageModel, '_answer_batch', killed)
    inferencer = SMOTInferencer(config, cache=True)
    with pytest.raises(KeyboardInterrupt):
        inferencer(clip, tmp_path / 'out', draw=False)
    first = sum(batches)
    assert len([*(tmp_path / 'out').rglob('answers/*/*.txt')]) == first == 4

    def counted(self, questions):
        batches.append(len(questions))
        return answer_batch(self, questions)

    monkeypatch.setattr(VisionLanguageModel, '_answer_batch', counted)
    batches.clear()
    result = inferencer(clip, tmp_path / 'out', draw=False)
    rest = sum(batches)
    batches.clear()
    fresh = SMOTInferencer(config)(clip, tmp_path / 'fresh', draw=False)
    assert first + rest == sum(batches)
    captions, fresh_captions = (
        [row['caption'] for row in each['trajectories']] for each in (result, fresh)
    )
    assert captions == fresh_captions
    assert result['interactions'] == fresh['interactions']
    batches.clear()
    inferencer(clip, tmp_path / 'out', draw=False, overwrite=True)
    assert batches == []  # all of it is there


def test_long_answering_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = []
    module = 'mmsmot.models.vlm.vision_language_semantics'
    monkeypatch.setattr(f'{module}.print_log', lambda m, **_: logged.append(m))
    times = iter(range(0, 1000, 20))
    monkeypatch.setattr(f'{module}.time.monotonic', lambda: next(times))
    semantics = VisionLanguageSemantics(model=Scripted('hugs', 'hugs'))
    semantics.generate(seen(semantics), caption_ids=[], video_caption=False)
    assert logged == [
        'VisionLanguageSemantics: 1 of 2 questions about pairs, each in both orders in 40 s'
    ]


def test_its_detector_looks_at_a_video_once(
    model: SMOT, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boxes() -> np.ndarray:
        video = open_video(clip, end=4)
        results = [*cache_detections(model, tmp_path).stream(video)]
        return np.concatenate([result.tracks.boxes for result in results])

    first = boxes()
    monkeypatch.setattr(model.estimator.detector, 'detect', None)
    np.testing.assert_array_equal(boxes(), first)
    assert len(first) > 0


def test_the_fingerprint_is_that_of_the_model(model: SMOT, folders) -> None:
    alone = VisionLanguageModel(name=folders[1], max_new_tokens=5, dtype='auto')
    assert model.semantics.fingerprint == alone.fingerprint
    longer = VisionLanguageModel(name=folders[1], max_new_tokens=6)
    assert longer.fingerprint != alone.fingerprint


def test_a_session_says_the_same(model: SMOT, clip: Path) -> None:
    video = open_video(clip)
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=np.arange(9)))
    (found,) = model.predict([video], [sample])
    session = SMOTSession(model, fps=video.video.fps)
    for one in open_video(clip):
        session.update(one.image, one.timestamp)
    assert session.describe().captions == found.pred_captions


def test_it_cannot_be_trained(model: SMOT) -> None:
    with pytest.raises(TypeError, match='VisionLanguageSemantics cannot be trained'):
        model.loss([[frame(1)]], [SMOTDataSample()])
