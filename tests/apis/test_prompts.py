"""Prompts from Python and the tool to folders, files and the page."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.apis import SMOTInferencer, infer_video, read_result
from mmsmot.datasets import open_video
from mmsmot.models.smot import SMOT
from mmsmot.structures import Prompt, read_trajectories
from tests.demo_scene import make_demo_scene
from tests.models.estimators.test_toy_referring_model import (
    ToyReferringEstimator,
    frames,
)
from tests.visualization.report_page import data_of

GREEN, RED = Prompt('the green square'), Prompt('the red square')
CONFIG = 'two_stage/sort_public-detections'


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('prompts') / 'squares'
    folder.mkdir()
    for frame in frames():
        assert cv2.imwrite(str(folder / f'{frame.frame_id:06d}.png'), frame.image)
    return folder


@pytest.fixture
def model() -> SMOT:
    return SMOT(estimator=ToyReferringEstimator()).eval()


def ids_of(folder: Path) -> set[int]:
    return set(read_trajectories(folder / 'tracks.txt').ids.tolist())


def test_a_second_prompt_is_not_the_first_ones_result(model, video, tmp_path) -> None:
    run = dict(config_text='config', draw=False)
    first = infer_video(model, open_video(video), tmp_path, prompts=GREEN, **run)
    assert (first['prompt'], ids_of(tmp_path)) == (GREEN, {2})
    second = infer_video(model, open_video(video), tmp_path, prompts=RED, **run)
    assert (second['prompt'], ids_of(tmp_path)) == (RED, {3})
    content = json.loads((tmp_path / 'result.json').read_text())
    assert content['meta']['prompt'] == {'text': 'the red square'}
    num_detected = model.estimator.num_detected
    again = infer_video(model, open_video(video), tmp_path, prompts=RED, **run)
    assert model.estimator.num_detected == num_detected
    assert again['prompt'] == RED
    infer_video(model, open_video(video), tmp_path, **run)
    assert ids_of(tmp_path) == {1, 2, 3}


def test_several_prompts_share_a_run_and_have_a_folder_each(
    model, video, tmp_path
) -> None:
    results = infer_video(
        model, open_video(video), tmp_path, 'config', prompts=[GREEN, RED]
    )
    assert model.estimator.num_detected == 5  # not ten
    assert {path.name for path in tmp_path.iterdir()} == {GREEN.key, RED.key}
    for prompt, ids, result in zip((GREEN, RED), ({2}, {3}), results, strict=True):
        folder = tmp_path / prompt.key
        assert (
            {track['id'] for track in result['trajectories']} == ids == ids_of(folder)
        )
        assert read_result(folder / 'result.json')['prompt'] == prompt
        assert (folder / 'video.mp4').is_file()
        page = data_of(folder / 'report.html')
        assert page['prompt'] == repr(prompt.text)
        assert [person['id'] for person in page['sides']['pred']['people']] == [*ids]
    # Only what is missing is done again.
    (tmp_path / RED.key / 'tracks.txt').unlink()
    infer_video(model, open_video(video), tmp_path, 'config', prompts=[GREEN, RED])
    assert model.estimator.num_detected == 10
    assert ids_of(tmp_path / RED.key) == {3}


def test_results_of_the_inferencer_and_its_session(model, video, tmp_path) -> None:
    inferencer = SMOTInferencer(CONFIG)
    inferencer._model = model
    folders = []
    results = inferencer(
        video,
        tmp_path,
        draw=False,
        prompts=['the green square', 'the red square'],
        done=lambda result, folder: folders.append((result['prompt'], folder)),
    )
    assert [result['prompt'] for result in results] == [GREEN, RED]
    assert folders == [(GREEN, tmp_path / GREEN.key), (RED, tmp_path / RED.key)]
    session = inferencer.session(fps=10, prompts=RED)
    assert session.update(frames()[0].image).ids.tolist() == [3]
    with pytest.raises(ValueError, match='given twice'):
        inferencer(video, tmp_path, prompts=[RED, RED])


def test_a_model_without_prompts_warns_once(tmp_path, monkeypatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(
        'mmsmot.apis.inferencer.print_log', lambda text, **_: texts.append(text)
    )
    scene = make_demo_scene(tmp_path / 'walk', num_frames=4)
    inferencer = SMOTInferencer(CONFIG, options={'model.tracker.min_hits': 0})
    out = tmp_path / 'out'
    results = inferencer(scene, out, draw=False, prompts=[GREEN, RED])
    assert len(results) == 2
    (text,) = [text for text in texts if 'does not read prompts' in text]
    for result in results:
        assert result['warnings'] == [text]
        assert result['scores']['tracking']['HOTA'] > 0  # of every object
    assert np.array_equal(*(r['trajectories'][0]['boxes_xyxy'] for r in results))
    inferencer(scene, tmp_path / 'again', draw=False, prompts=RED)
    assert len([text for text in texts if 'does not read prompts' in text]) == 1


def test_gt_of_every_object_does_not_score_a_prompt(model, video, tmp_path) -> None:
    folder = tmp_path / 'squares'
    (folder / 'img1').mkdir(parents=True)
    for frame in frames():
        cv2.imwrite(str(folder / f'img1/{frame.frame_id:06d}.png'), frame.image)
    (folder / 'gt').mkdir()
    (folder / 'gt/gt.txt').write_text('1,1,5,5,10,10,1,1,1\n')
    scored = infer_video(model, open_video(folder), tmp_path / 'all', draw=False)
    assert scored['scores']['tracking']['HOTA'] > 0
    prompted = infer_video(
        model, open_video(folder), tmp_path / 'red', draw=False, prompts=RED
    )
    assert prompted['scores'] is None
