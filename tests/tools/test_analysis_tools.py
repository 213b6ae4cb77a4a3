"""The analysis tools as a user runs them, on three small synthetic clips."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest

from mmsmot.datasets.synsmot import ClipSettings, write_built_clip
from mmsmot.evaluation import SMOTMetric
from mmsmot.evaluation.baselines import TrainStatistics, predict_baseline
from mmsmot.evaluation.gt_dataset import gt_samples, open_gt_dataset

pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')

TOOLS = Path(__file__).parents[2] / 'tools' / 'analysis_tools'
SETTINGS = ClipSettings()


@dataclass
class Done:
    """What a tool said."""

    error: str | None
    stdout: str


def run(tool: str, *args: object) -> Done:
    """A tool in this process: starting another costs seconds, and so does java."""
    said, error = io.StringIO(), None
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr('shutil.which', lambda *args, **kwargs: None)
        patch.setattr('sys.argv', [tool, *map(str, args)])
        try:
            runpy.run_path(str(TOOLS / tool), run_name='__main__')
        except SystemExit as end:
            error = str(end.code)
    return Done(error, said.getvalue())


@pytest.fixture(scope='module')
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SynSMOT of two clips to train on and one to test on."""
    root = tmp_path_factory.mktemp('synsmot')
    for split, index in (('train', 0), ('train', 1), ('test', 2)):
        write_built_clip(root, 0, index, split, SETTINGS)
    return root


@pytest.fixture(scope='module')
def val_world(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but the clip to test on is one to validate on."""
    root = tmp_path_factory.mktemp('with_val')
    (root / 'train').symlink_to(world / 'train')
    (root / 'val').symlink_to(world / 'test')
    return root


@pytest.fixture(scope='module')
def dump(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a model left that takes everybody for somebody else."""
    out = tmp_path_factory.mktemp('results')
    train, test = (open_gt_dataset(data_root=world, split=s) for s in ('train', 'test'))
    known = TrainStatistics.of(gt_samples(train))
    metric = SMOTMetric(out_dir=str(out))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('shutil.which', lambda *args, **kwargs: None)
        for sample in predict_baseline('identities shuffled', gt_samples(test), known):
            metric.process(None, [sample.to_dict()])
        metric.evaluate(len(test))
    return out


def test_eval_predictions_gives_the_evaluators_scores(
    world: Path, dump: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'report.json'
    done = run('eval_predictions.py', dump, '--data-root', world, '--out', out)
    assert done.error is None
    assert 'protocol: strict' in done.stdout
    assert 'protocol: release' in done.stdout
    assert 'apt install default-jre-headless' in done.stdout
    report = json.loads(out.read_text())
    assert report == json.loads((dump / 'scores.json').read_text())
    assert report['tracking']['HOTA'] == pytest.approx(100)
    assert 0 < report['strict']['instance']['BLEU-1'] < 1


def test_eval_predictions_takes_a_config(
    world: Path, dump: Path, tmp_path: Path
) -> None:
    config = tmp_path / 'judge.py'
    config.write_text(
        'test_dataloader = dict(batch_size=1, num_workers=0, dataset=dict('
        f"type='BenSMOTDataset', data_root='{world}', split='test'))\n"
    )
    args = ('--config', config, '--protocols', 'strict')
    done = run('eval_predictions.py', dump, *args)
    assert done.error is None
    assert 'protocol: release' not in done.stdout


@pytest.mark.parametrize('with_config', [True, False])
def test_predictions_are_scored_on_the_split_that_is_named(
    val_world: Path, dump: Path, tmp_path: Path, with_config: bool
) -> None:
    """A config's split gives way to --split."""
    config = tmp_path / 'judge.py'
    config.write_text(
        'test_dataloader = dict(batch_size=1, num_workers=0, dataset=dict('
        f"type='BenSMOTDataset', data_root='{val_world}', split='test'))\n"
    )
    source = ('--config', config) if with_config else ('--data-root', val_world)
    done = run('eval_predictions.py', dump, *source, '--split', 'val')
    assert done.error is None
    assert 'videos: 1; without ground truth: 0' in done.stdout
    assert 'test' in run('eval_predictions.py', dump, *source).error  # there is none


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('nowhere', '--data-root', 'WORLD'), 'nowhere: no such folder'),
        (('DUMP',), 'give a config or a data_root'),
        (('DUMP', '--data-root', 'WORLD', '--split', 'train'), 'have no prediction'),
        (
            ('DUMP', '--data-root', 'WORLD', '--split', 'train', '--missing', 'empty'),
            'are not in the dataset',
        ),
    ],
)
def test_eval_predictions_says_what_is_wrong(
    world: Path, dump: Path, args: tuple, message: str
) -> None:
    names = {'WORLD': world, 'DUMP': dump}
    done = run('eval_predictions.py', *(names.get(a, a) for a in args))
    assert 'Error: ' in done.error
    assert message in done.error


def test_error_analysis_writes_page_and_images(
    world: Path, dump: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'errors'
    args = ('--data-root', world, '--out', out, '--top', 2)
    done = run('error_analysis.py', dump, *args)
    assert done.error is None
    errors = json.loads((out / 'errors.json').read_text())
    assert len(errors['captions']) == 2
    assert errors['captions'][0]['score'] <= errors['captions'][1]['score'] < 1
    assert errors['captions'][0]['purity'] == 1.0
    page = (out / 'index.html').read_text()
    assert errors['captions'][0]['said'] in page
    pictures = sorted(out.glob('images/*/*.jpg'))
    assert {p.parent.name for p in pictures} == {'tracks', 'captions', 'pairs'}
    for picture in pictures:
        assert f'src="{picture.relative_to(out)}"' in page
        assert cv2.imread(str(picture)).shape == (160, 6 * 160, 3)


def test_baselines_prints_the_table_and_the_gap(
    world: Path, dump: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'floors.json'
    args = (world, '--out', out, '--report', dump / 'scores.json')
    done = run('baselines.py', *args)
    assert done.error is None
    rows = json.loads(out.read_text())
    assert len(rows) == 8
    assert all(row['track/HOTA'] == pytest.approx(100) for row in rows.values())
    assert rows['truth']['strict/instance_BLEU-4'] == pytest.approx(1)
    assert rows['paraphrase oracle']['strict/interaction_F1'] == 1
    assert rows['activity, not who']['strict/interaction_R'] == 1
    blind, oracle = (
        rows[n]['strict/CHOTA'] for n in ('consensus', 'paraphrase oracle')
    )
    assert blind < oracle < 1
    assert '| truth | 1.000 |' in done.stdout
    assert 'gap closed' in done.stdout


def test_baselines_of_val_are_those_of_its_clips(
    world: Path, val_world: Path, tmp_path: Path
) -> None:
    rows = []
    for root, split in ((world, 'test'), (val_world, 'val')):
        out = tmp_path / f'{split}.json'
        args = (root, '--split', split, '--only', 'consensus', '--out', out)
        assert run('baselines.py', *args).error is None
        rows.append(json.loads(out.read_text()))
    assert rows[0] == rows[1]


def test_baselines_refuses_a_damaged_report_before_the_run(
    world: Path, tmp_path: Path
) -> None:
    report = tmp_path / 'report.json'
    report.write_text('{"tracking": ')
    done = run('baselines.py', world, '--report', report)
    assert 'report.json: not JSON' in done.error and '\n' not in done.error
    assert done.stdout == ''


def test_a_tool_ends_with_a_message_and_a_status() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / 'eval_predictions.py'), 'nowhere'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith('FileNotFoundError: nowhere: no such folder')
    assert 'Traceback' not in done.stderr
