"""The tools, as commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.datasets import BenSMOTDataset
from mmsmot.datasets.statistics import DatasetStatistics
from mmsmot.datasets.synsmot.build import write_built_clip
from mmsmot.datasets.synsmot.settings import VERSION, ClipSettings
from mmsmot.structures import Trajectories
from projects.query_trackers.tests.conftest import load_tool
from projects.referring_mot.tools import probe_looks
from projects.referring_mot.tools.motion_expressions import motion_labels
from projects.referring_mot.tools.probe_looks import band_means, probe_accuracy

TOOLS = Path(__file__).parents[1] / 'tools'
ROOT = Path(__file__).parents[3]


def test_refer_kitti_becomes_a_dataset_for_every_tool(
    refer_kitti: Path, tmp_path: Path
) -> None:
    command = [sys.executable, str(TOOLS / 'to_bensmot.py'), 'refer_kitti']
    done = subprocess.run(
        [*command, str(refer_kitti), '--out', str(tmp_path / 'out')],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '1 sequences written' in done.stdout
    dataset = BenSMOTDataset(
        data_root=str(tmp_path / 'out'),
        split='test',
        described_only=False,
        cache=False,
        test_mode=True,
    )
    (info,) = dataset.read_videos()
    gt = info['gt']
    assert [e.sentence for e in gt.expressions] == ['cars', 'moving cars']
    np.testing.assert_allclose(
        gt.trajectories.boxes[gt.trajectories.ids == 1][:, 0], [4, 6, 8, 10]
    )
    referring = DatasetStatistics.of([info]).referring()
    assert referring == {
        'Boxes of expressions': 10,
        'Instances per expression': 1.5,
        'Temporal ratio per expression': (1 + 3 / 4) / 2,
    }


def test_a_probe_reads_what_is_there_and_nothing_else() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 200)
    is_test = np.arange(200) % 4 == 3
    noise = generator.normal(size=(200, 8))
    assert probe_accuracy(noise + 3 * np.eye(8)[labels], labels, is_test) > 0.9
    assert probe_accuracy(noise, labels, is_test) < 0.5
    # Shirts and trousers are read from their own halves of the box.
    cells = torch.zeros(2, 10, 6)
    cells[0, 2:6, 1:3], cells[1, 6:, 1:3] = 1.0, 1.0
    box = np.array([1 / 6, 0.0, 2.9 / 6, 1.0])
    np.testing.assert_allclose(band_means(cells, box), [1, 0, 0.2, 0.8], atol=1e-6)


def test_a_probe_of_a_trackers_embeddings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """MOTR's weights on eight clips; two of them test."""
    settings = ClipSettings(num_frames=(40, 40))
    for number in range(8):
        write_built_clip(tmp_path, 0, number, 'train', settings)
    facts = dict(size='mini', seed=0, version=VERSION, settings=settings.facts())
    (tmp_path / 'synsmot.json').write_text(json.dumps(facts))
    config = 'projects/query_trackers/configs/motr_tiny_synsmot.py'
    args = [config, 'motr_tiny_synsmot', '--data-root', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', ['probe_looks.py', *args])
    probe_looks.main()
    counts, _, _, *lines = capsys.readouterr().out.strip().splitlines()[-6:]
    num_boxes, num_tested = (int(word) for word in counts.split() if word.isdigit())
    assert num_boxes >= 8 and 0 < num_tested < num_boxes / 2
    rows = [line.strip('| ').split(' | ') for line in lines]
    assert [row[0] for row in rows] == [*probe_looks.LOOKS]
    assert all(0 <= float(share) <= 100 for row in rows for share in row[2:])


def test_motion_is_told_by_boxes() -> None:
    """Id 1 walks to the right at .5 heights a second for 2 s, then stands; 2 is short."""
    x = np.r_[np.arange(20) * 1.0, np.full(20, 19.0)]
    frames = np.arange(1, 41)
    boxes = np.stack([x, x * 0, x + 8, x * 0 + 20], axis=1)
    table = Trajectories(
        np.r_[frames, 1, 2], np.r_[np.full(40, 1), 2, 2], np.r_[boxes, boxes[:2]]
    )
    labels = motion_labels(table, fps=10.0)
    assert labels['left'] == {}
    assert [*labels['right']] == [*range(1, 21)]
    assert [*labels['still']] == [*range(24, 41)]
    assert {i for ids in labels['right'].values() for i in ids} == {1}


def test_motion_needs_a_sequence_with_gt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'mot/A'
    (folder / 'det').mkdir(parents=True)
    (folder / 'det/det.txt').write_text('1,-1,5,5,8,20,1\n')
    (folder / 'seqinfo.ini').write_text(
        '[Sequence]\nname=A\nframeRate=10\nseqLength=3\nimWidth=64\nimHeight=48\n'
    )
    out = tmp_path / 'out'
    words = ['motion', str(tmp_path / 'mot'), '--out', str(out)]
    monkeypatch.setattr('sys.argv', words)
    with pytest.raises(SystemExit, match='no sequence has a gt/gt.txt'):
        load_tool(TOOLS / 'motion_expressions.py').main()
    assert not out.exists()


def test_time_is_that_of_a_fixed_number_of_tracks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    tool = load_tool(TOOLS / 'time_by_prompts.py')
    counts: list[int] = []
    update = tool.FixedTracks.update

    def spy(self: object, *args: object) -> object:
        outcome = update(self, *args)
        counts.append(int(outcome.is_reported.sum()))
        return outcome

    monkeypatch.setattr(tool.FixedTracks, 'update', spy)
    config = 'projects/referring_mot/configs/transrmot_tiny_synsmot'
    words = [
        config,
        *[
            '--prompts',
            '1',
            '2',
            '--tracks',
            '3',
            '--frames',
            '2',
            '--size',
            '64',
            '64',
        ],
    ]
    monkeypatch.setattr('sys.argv', ['time', *words])
    tool.main()
    assert counts == [3] * 6  # two frames of one sentence, and of two
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ['1', '2']
    monkeypatch.setattr('sys.argv', ['time', *words, '--tracks', '51'])
    with pytest.raises(ValueError, match='--tracks 51: there are 50 queries'):
        tool.main()
    for option in ('--prompts', '--frames', '--tracks'):
        monkeypatch.setattr('sys.argv', ['time', config, option, '0'])
        with pytest.raises(SystemExit):
            tool.parse_args()
