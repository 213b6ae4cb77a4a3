"""Scores of one video, from what lies beside its images."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmsmot.apis.self_evaluation import self_evaluate
from mmsmot.datasets import open_video
from mmsmot.datasets.synsmot.build import built_clip_folder, write_built_clip
from mmsmot.datasets.synsmot.settings import SIZES
from mmsmot.evaluation.smot_report import smot_report_headline
from mmsmot.structures import Interactions, SMOTDataSample, read_trajectories
from tests.demo_scene import make_demo_scene


@pytest.fixture(scope='module')
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('SynSMOT')
    write_built_clip(root, 0, 0, 'test', SIZES['mini'].settings)
    return built_clip_folder(root, 0, 'test')


def sample_of(folder: Path, **fields) -> SMOTDataSample:
    video = open_video(folder)
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=video.frame_ids))
    for name, value in fields.items():
        sample.set_field(value, f'pred_{name}')
    return sample


def test_boxes_and_words_of_a_synsmot_clip(clip: Path) -> None:
    sample = sample_of(clip, trajectories=read_trajectories(clip / 'gt/gt.txt')[:0])
    assert smot_report_headline(self_evaluate(sample).scores)['track/HOTA'] == 0
    said = dict(
        trajectories=sample.gt_trajectories,
        captions=sample.gt_captions,
        interactions=Interactions(
            sample.gt_interactions.subject_ids[:1],
            sample.gt_interactions.object_ids[:1],
            sample.gt_interactions.verbs[:1],
        ),
        video_caption=sample.gt_video_caption,
    )
    scores = smot_report_headline(self_evaluate(sample_of(clip, **said)).scores)
    assert scores['track/HOTA'] == pytest.approx(100)
    assert scores['strict/instance_BLEU-4'] == pytest.approx(1)
    assert scores['strict/interaction_P'] == 1
    pairs = sample.gt_interactions.as_pairs().values()
    assert scores['strict/interaction_R'] == pytest.approx(1 / sum(map(len, pairs)))
    assert not any(name.startswith('release') for name in scores)
    assert 'strict/video_CIDEr' not in scores  # of one caption it is 0 whatever it says


def test_boxes_alone_of_a_motchallenge_sequence(tmp_path: Path) -> None:
    scene = make_demo_scene(tmp_path / 'walk', num_frames=6)
    found = read_trajectories(scene / 'gt/gt.txt')
    sample = sample_of(scene, trajectories=found[found.ids != found.ids.min()])
    scores = smot_report_headline(self_evaluate(sample).scores)
    assert {name.split('/')[0] for name in scores} == {'track'}
    assert 50 < scores['track/HOTA'] < 100
    assert 'gt_captions' not in sample


def test_the_matching_is_handed_on(tmp_path: Path) -> None:
    scene = make_demo_scene(tmp_path / 'walk', num_frames=6)
    sample = sample_of(scene, trajectories=read_trajectories(scene / 'gt/gt.txt'))
    ids = set(sample.pred_trajectories.ids.tolist())
    assert self_evaluate(sample).gt_of == {track_id: track_id for track_id in ids}


def test_no_truth_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    scene = make_demo_scene(tmp_path / 'walk', num_frames=6)
    sample = sample_of(scene, trajectories=read_trajectories(scene / 'gt/gt.txt'))
    (scene / 'gt/gt.txt').write_text('1,1,left,0,9,9,1,1,1\n')
    assert self_evaluate(sample).scores is None
    shutil.rmtree(scene / 'gt')
    assert self_evaluate(sample_of(scene)).gt_of is None
