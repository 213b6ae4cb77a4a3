"""The tool of the main table: thresholds of val, rows of test, the control, its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.structures import write_trajectories
from projects.query_trackers.tests.conftest import load_tool
from projects.referring_mot.evaluation.scored_videos import ScoredVideo
from projects.referring_mot.evaluation.train_sentences import TrainSentences
from projects.referring_mot.tests.test_ikun import build, estimator_config

TOOLS = Path(__file__).parents[1] / 'tools'
INNER = dict(type='BenSMOTDataset', data_root='nowhere', described_only=False)
DATASET = dict(type='ReferringDataset', dataset=INNER, test_mode=True)
tool = load_tool(TOOLS / 'compare_references.py')


def test_thresholds_are_the_best_of_the_grid(scored_video: ScoredVideo) -> None:
    """At .2 the first sentence means everybody; at .5 no track as a whole is second."""
    rules = tool.choose_rules([scored_video], None)
    is_meant = rules['the model'](scored_video)
    np.testing.assert_array_equal(is_meant, scored_video.scores >= 0.25)
    assert rules['whole tracks'](scored_video).sum(1).tolist() == [10, 10]
    assert 'true captions' not in rules


def test_rows_are_of_test_by_thresholds_of_val(scored_video: ScoredVideo) -> None:
    """On test everybody scores .4 at least: best there is .45, which val does not say."""
    test = replace(scored_video, scores=np.maximum(scored_video.scores, 0.4))
    rows, pairs = tool.score_rules([scored_video], [test], None, TrainSentences([]))
    assert rows['the model']['mean_HOTA'] == rows['everybody']['mean_HOTA'] < 70
    assert rows['true reference']['mean_HOTA'] == pytest.approx(100)
    assert rows['  temporal'.ljust(14) + 'the model']['expressions'] == 1
    assert pairs['true reference']['precision'] == 1
    rows, _ = tool.score_rules([test], [scored_video], None, TrainSentences([]))
    assert rows['the model']['mean_HOTA'] > 90
    assert rows['shuffled text']['mean_HOTA'] == 0  # on the tracks of the other


def test_one_sentence_has_no_control(scored_video: ScoredVideo) -> None:
    single = replace(
        scored_video,
        expressions=scored_video.expressions[:1],
        scores=scored_video.scores[:1],
    )
    rows, pairs = tool.score_rules([single], [single], None, TrainSentences([]))
    assert 'shuffled text' not in rows and 'shuffled text' not in pairs
    assert 'whole tracks' in rows


@pytest.fixture
def call(
    refer_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict]:
    """Runs the tool over Refer-KITTI in BenSMOT's layout, with an untrained IKUN."""
    data = tmp_path / 'data'
    for split in ('train', 'test'):
        words = ['refer_kitti', refer_kitti, '--split', split, '--out', data]
        monkeypatch.setattr('sys.argv', ['to_bensmot', *map(str, words)])
        load_tool(TOOLS / 'to_bensmot.py').main()
    shutil.copytree(data / 'train', data / 'val', symlinks=True)
    tracker = dict(type='TrajectoryFile', path='nowhere/{name}.txt')
    model = dict(
        type='SMOT',
        estimator=estimator_config(tracker=tracker),
        post_processing=[dict(type='ReferFilter', window=2, stride=2)],
    )
    config = tmp_path / 'config.py'
    config.write_text(
        "custom_imports = dict(imports=['projects.referring_mot.referring_mot'])\n"
        f'model = {model!r}\ntest_dataloader = dict(dataset={DATASET!r})\n'
    )
    weights = tmp_path / 'model.pth'
    torch.save(dict(state_dict=build().state_dict()), weights)

    def run(*options: str | Path) -> dict:
        words = [config, weights, '--data-root', data, '--out', tmp_path / 'out']
        monkeypatch.setattr('sys.argv', ['compare', *map(str, [*words, *options])])
        tool.main()
        return json.loads((tmp_path / 'out/references.json').read_text())

    return run


def write_tracks(data: Path, folder: Path) -> None:
    """The gt of each split as tracks."""
    for split in ('train', 'val', 'test'):
        for info in tool.referring_videos(DATASET, split, str(data)).data_list:
            table = info['gt'].trajectories
            path = folder / split / f'{info["video"].video.name}.txt'
            path.parent.mkdir(parents=True, exist_ok=True)
            write_trajectories(table, path)


def test_the_tool_writes_its_rows_and_goes_on(
    call: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracks are the gt: the true reference is perfect, everybody has all boxes."""
    write_tracks(tmp_path / 'data', tmp_path / 'tracks')
    report = call('--tracks', tmp_path / 'tracks')
    rows = report['rows']
    assert rows['true reference']['mean_HOTA'] == pytest.approx(100)
    assert rows['everybody']['DetRe'] == pytest.approx(100)
    assert rows['everybody']['DetPr'] == pytest.approx(100 * 10 / 14)
    assert {row['expressions'] for name, row in rows.items() if name[0] != ' '} == {2}
    monkeypatch.setattr(
        'projects.referring_mot.evaluation.scored_videos._run_video', None
    )  # nothing is computed again
    assert call('--tracks', tmp_path / 'tracks') == report


def test_tracks_need_a_tracker_that_reads_them(call: Callable[..., dict]) -> None:
    options = ['--cfg-options', 'model.estimator.tracker._delete_=True']
    options.append('model.estimator.tracker.type=GroundTruthTracker')
    with pytest.raises(SystemExit, match='GroundTruthTracker'):
        call('--tracks', 'nowhere', *options)
