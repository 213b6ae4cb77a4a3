"""The tools that look at datasets and convert them, by their command lines."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest

from mmsmot.datasets.synsmot.build import write_built_clip
from mmsmot.datasets.synsmot.settings import ClipSettings

TOOLS = Path(__file__).parents[2] / 'tools'


@dataclass
class Done:
    """What a tool said."""

    error: str | None
    stdout: str


def run(tool: str, *args: object) -> Done:
    """A tool in this process: starting another costs seconds."""
    said, error = io.StringIO(), None
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
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
        write_built_clip(root, 0, index, split, ClipSettings())
    return root


def test_browse_draws_what_is_asked_for(world: Path, tmp_path: Path) -> None:
    args = ('--out', tmp_path, '--sequences', 'hugging/*')
    done = run('analysis_tools/browse_dataset.py', world, *args, '--frames', 4)
    assert done.error is None
    assert '1 of 1 videos' in done.stdout
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob('*.*')}
    assert files == {'train/hugging/000000.jpg', 'train/hugging/000000.mp4'}
    sheet = cv2.imread(str(tmp_path / 'train/hugging/000000.jpg'))
    assert sheet.shape[1] == 3 * 484 - 4
    done = run('analysis_tools/browse_dataset.py', world, *args[:2], '--split', 'test')
    assert done.error is None


def test_browse_says_what_is_wrong(world: Path, tmp_path: Path) -> None:
    args = (world, '--out', tmp_path, '--sequences', 'nobody/*')
    done = run('analysis_tools/browse_dataset.py', *args)
    assert 'Error: ' in done.error
    assert "no sequence is named 'nobody/*'" in done.error


@pytest.mark.parametrize(
    ('tool', 'option', 'message'),
    [
        ('browse_dataset', '--limit=-3', 'expected a whole number of 0 or more'),
        ('browse_dataset', '--scale=-1', 'expected a finite number above 0'),
        ('dataset_stats', '--top=-1', 'expected a whole number of 0 or more'),
        ('dataset_stats', '--top=1_0', 'expected a whole number of 0 or more'),
    ],
)
def test_numbers_out_of_range(tool: str, option: str, message: str, capsys) -> None:
    done = run(f'analysis_tools/{tool}.py', 'nowhere', '--out=x', option)
    assert done.error == '2'
    assert message in capsys.readouterr().err


def test_browse_refuses_clips_of_no_pixels(world: Path, tmp_path: Path) -> None:
    args = (world, '--out', tmp_path, '--limit', 1, '--what', 'clips')
    done = run('analysis_tools/browse_dataset.py', *args, '--scale', '1e-9')
    assert 'Error: write_dataset_clip: scale 1e-09 would make images' in done.error


def test_stats_prints_the_table_and_writes_numbers_and_figure(
    world: Path, tmp_path: Path
) -> None:
    out, figure = tmp_path / 'stats.json', tmp_path / 'stats.png'
    done = run(
        'analysis_tools/dataset_stats.py', world, '--out', out, '--figure', figure
    )
    assert done.error is None
    assert '|  | train | test | all | BenSMOT (paper) |' in done.stdout
    assert '| Videos | 2 | 1 | 3 | 3,292 |' in done.stdout
    numbers = json.loads(out.read_text())
    frames = {name: part['table']['Total frames'] for name, part in numbers.items()}
    pictures = {s: len(list(world.glob(f'{s}/*/*/imgs/*'))) for s in ('train', 'test')}
    assert frames == {**pictures, 'all': sum(pictures.values())}
    assert numbers['all']['verbs']
    assert cv2.imread(str(figure)).shape == (700, 1300, 3)


def checked(root: Path) -> str:
    """What ``check_dataset`` counts in the train split."""
    done = run('analysis_tools/check_dataset.py', root, '--split', 'train')
    assert done.error == '0'
    return done.stdout.split('\n', 1)[1]


def test_coco_video_and_back(world: Path, tmp_path: Path) -> None:
    file, back = tmp_path / 'a.json', tmp_path / 'back'
    done = run('dataset_converters/bensmot_to_coco_video.py', world, '--out', file)
    assert (done.error, done.stdout) == (None, f'{file}: 2 videos\n')
    args = (file, '--image-root', world, '--out', back)
    for said in ('2 sequences written, 0', '0 sequences written, 2'):
        done = run('dataset_converters/coco_video_to_bensmot.py', *args)
        assert done.error is None
        assert said in done.stdout
    assert checked(back) == checked(world)


def test_mot_challenge_and_back(world: Path, tmp_path: Path) -> None:
    mot, back = tmp_path / 'mot', tmp_path / 'back'
    done = run('dataset_converters/bensmot_to_mot_challenge.py', world, '--out', mot)
    assert done.error is None
    assert {p.name for p in mot.iterdir()} >= {'hugging__000000'}
    args = (mot, '--out', back, '--images', 'copy')
    done = run('dataset_converters/mot_challenge_to_bensmot.py', *args)
    assert done.error is None
    assert checked(back) == checked(world)


@pytest.mark.parametrize(
    ('tool', 'args', 'message'),
    [
        ('coco_video_to_bensmot', ('nowhere.json',), 'nowhere.json'),
        ('mot_challenge_to_bensmot', ('nowhere',), "'nowhere' is not a folder"),
        ('bensmot_to_coco_video', ('nowhere',), 'nowhere/train: no such folder'),
        ('bensmot_to_mot_challenge', ('nowhere',), 'nowhere/train: no such folder'),
    ],
)
def test_converters_say_what_is_missing(
    tool: str, args: tuple, message: str, tmp_path: Path
) -> None:
    done = run(f'dataset_converters/{tool}.py', *args, '--out', tmp_path / 'out')
    assert 'Error: ' in done.error
    assert message in done.error
