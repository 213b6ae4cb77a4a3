"""The tools as a user runs them."""

from __future__ import annotations

import argparse
import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import av
import pytest

from mmsmot.apis import read_result
from tests.demo_scene import make_demo_scene

ROOT = Path(__file__).parents[2]
BYTE = 'two_stage/bytetrack_public-detections'


def run(tool: str, *args: object, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / 'tools' / tool), *map(str, args)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('scene') / 'walk', num_frames=12)


def test_infer_writes_everything_and_then_nothing_again(
    scene: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    done = run('infer.py', scene, '--config', BYTE, '--out', out)
    assert done.returncode == 0, done.stderr
    assert 'HOTA' in done.stdout
    with av.open(str(out / 'video.mp4')) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ('h264', 'yuv420p')
        assert sum(1 for _ in container.decode(stream)) == 12
    result = read_result(out / 'result.json')
    assert result['video']['num_frames'] == 12
    boxes = sum(len(t['frame_ids']) for t in result['trajectories'])
    assert boxes == len((out / 'tracks.txt').read_text().splitlines()) > 50
    before = (out / 'video.mp4').stat().st_mtime_ns
    again = run('infer.py', scene, '--config', BYTE, '--out', out)
    assert 'skipped' in again.stdout + again.stderr
    assert (out / 'video.mp4').stat().st_mtime_ns == before


def test_the_checkpoint_none_is_as_if_it_were_left_out() -> None:
    """``mim test`` wants to be given one for each config."""
    checkpoint_of = runpy.run_path(str(ROOT / 'tools' / 'test.py'))['checkpoint_of']
    args = argparse.Namespace(config=BYTE, weights=None, cfg_options={})
    bundled = argparse.Namespace(**vars(args) | dict(config='smoter_tiny_synsmot'))
    for checkpoint in (None, 'none'):
        args.checkpoint = bundled.checkpoint = checkpoint
        assert checkpoint_of(args, {}) is None
        assert checkpoint_of(bundled, {}).endswith('smoter_tiny_synsmot.safetensors')
    args.checkpoint = 'epoch_3.pth'
    assert checkpoint_of(args, {}) == 'epoch_3.pth'


def test_infer_takes_several_videos(scene: Path, tmp_path: Path) -> None:
    other = make_demo_scene(tmp_path / 'stroll', num_frames=4)
    args = ('--config', BYTE, '--out', tmp_path / 'out', '--no-video')
    done = run('infer.py', scene, other, *args)
    assert done.returncode == 0, done.stderr
    for name, frames in (('walk', 12), ('stroll', 4)):
        result = read_result(tmp_path / 'out' / name / 'result.json')
        assert result['video']['num_frames'] == frames
        assert str(tmp_path / 'out' / name / 'tracks.txt') in done.stdout
    rows = [line.split()[0] for line in done.stdout.splitlines()[-4:]]
    assert rows == ['sequence', 'walk', 'stroll', 'COMBINED']
    for word in ('F1 ', 'CHOTA', 'missing'):  # nobody was to describe anything
        assert word not in done.stdout


def test_infer_takes_a_part_and_other_options_are_another_result(
    scene: Path, tmp_path: Path
) -> None:
    args = ('--config', BYTE, '--out', tmp_path, '--no-video')
    part = run('infer.py', scene, *args, '--start', 3, '--end', 10, '--stride', 2)
    assert part.returncode == 0, part.stderr
    rows = (tmp_path / 'tracks.txt').read_text().splitlines()
    assert sorted({int(row.split(',')[0]) for row in rows}) == [3, 5, 7, 9]
    whole = run('infer.py', scene, *args)
    assert 'skipped' not in whole.stdout + whole.stderr
    assert json.loads((tmp_path / 'result.json').read_text())['key']['stride'] == 1
    assert not (tmp_path / 'video.mp4').exists()


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('nope.mp4', '--config', BYTE), 'no such video file'),
        (('SCENE', '--config', 'bytetrak'), 'Similar ones'),
        (('SCENE', '--config', 'two_stage/sort_yolox-nano'), '--weights'),
        (
            ('SCENE', '--config', BYTE, '--cfg-options', 'model.tracker.hits=3'),
            "has no 'hits'",
        ),
        (('SCENE', '--config', BYTE, '--start', 99), 'no frame between'),
    ],
)
def test_infer_says_what_is_wrong(
    scene: Path, tmp_path: Path, args: tuple, message: str
) -> None:
    args = tuple(str(scene) if a == 'SCENE' else a for a in args)
    done = run('infer.py', *args, '--out', tmp_path / 'out')
    assert done.returncode != 0
    assert message in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'out' / 'result.json').exists()


def test_an_interrupted_run_detects_nothing_twice(
    test_data: Path, tmp_path: Path
) -> None:
    video = test_data / 'data/MOT17-mini/train/MOT17-05-FRCNN'
    weights = test_data / 'data/models/yolox_nano.onnx'
    args = ('--config', 'two_stage/sort_yolox-nano', '--weights', weights)
    part = run('infer.py', video, *args, '--out', tmp_path, '--end', 4, '--no-video')
    assert part.returncode == 0, part.stderr
    shards = {p: p.stat().st_mtime_ns for p in tmp_path.glob('cache/*/*.npz')}
    whole = run('infer.py', video, *args, '--out', tmp_path, '--no-video')
    assert whole.returncode == 0, whole.stderr
    assert {p: p.stat().st_mtime_ns for p in shards} == shards
    new = set(tmp_path.glob('cache/*/*.npz')) - set(shards)
    assert sorted(path.name for path in new) == ['5-6.npz']


def test_test_prints_the_published_row(test_data: Path, tmp_path: Path) -> None:
    done = run(
        'test.py',
        'configs/two_stage/sort_public-detections.py',
        *('--data-root', test_data / 'data/tud', '--work-dir', tmp_path),
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout + done.stderr
    row = next(line for line in text.splitlines() if line.startswith('TUD-Campus'))
    assert row.split()[5:9] == ['62.67', '113', '15', '6']
    scores = json.loads((tmp_path / 'results/scores.json').read_text())['scores']
    assert scores['TUD-Campus']['IDs'] == 6
    assert (tmp_path / 'results/TUD-Stadtmitte.txt').is_file()


def alone() -> dict[str, str]:
    """What a launcher sets for one process of one."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    where = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}
    return {'RANK': '0', 'WORLD_SIZE': '1', 'LOCAL_RANK': '0', **where}


PUBLIC = 'two_stage/sort_public-detections'


def test_test_is_short_and_says_where_results_lie(scene: Path, tmp_path: Path) -> None:
    """Also that several metrics, and what the options say, are heard.

    Where training would start is nothing to test.
    """
    config = tmp_path / 'two_metrics.py'
    config.write_text(
        f"_base_ = ['{ROOT}/configs/{PUBLIC}.py']\n"
        "test_evaluator = [dict(type='TrackingMetric', prefix=p) for p in 'ab']\n"
        "load_from = 'work_dirs/detector/epoch_1.pth'\n"
    )
    work = tmp_path / 'elsewhere'
    args = ('--data-root', scene.parent, '--cfg-options', f'work_dir={work}')
    done = run('test.py', config, *args)
    assert done.returncode == 0, done.stderr
    for folder in (work / 'results' / 'a', work / 'results' / 'b'):
        assert f'tracks and scores: {folder}' in done.stdout
        assert (folder / 'scores.json').is_file()
    assert 'b/HOTA' in done.stdout
    assert 'training starts from work_dirs/detector/epoch_1.pth' in done.stdout
    assert len(done.stdout.splitlines()) < 25
    assert 'sys.platform' in next(work.glob('*/*.log')).read_text()


def test_test_by_a_launcher(scene: Path, tmp_path: Path) -> None:
    """This model has nothing that processes could share."""
    args = ('--data-root', scene.parent, '--work-dir', tmp_path)
    done = run('test.py', PUBLIC, *args, '--launcher', 'pytorch', **alone())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'results' / 'scores.json').is_file()


def test_several_processes_take_a_checkpoint(scene: Path, tmp_path: Path) -> None:
    """It stands behind their number, and is heard: there is none."""
    here = Path(sys.executable).parent
    done = subprocess.run(
        ['bash', ROOT / 'tools' / 'dist_test.sh', PUBLIC, '1', tmp_path / 'no.pth']
        + ['--data-root', scene.parent, '--work-dir', tmp_path],
        env=os.environ
        | {'PATH': f'{here}:{os.environ["PATH"]}', 'PORT': alone()['MASTER_PORT']},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert f'no checkpoint at {tmp_path}/no.pth' in done.stderr


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('--data-root', '/nowhere'), "data_root '/nowhere' is not a folder"),
        (('--cfg-options', 'load_from=/nothere.pth'), 'no checkpoint at /nothere.pth'),
        (('--cfg-options', 'model.tracker.max_age=high'), 'wants a whole number'),
    ],
)
def test_test_says_what_is_wrong_in_one_line(
    scene: Path, tmp_path: Path, args: tuple, message: str
) -> None:
    root = () if '--data-root' in args else ('--data-root', scene.parent)
    done = run('test.py', PUBLIC, '--work-dir', tmp_path, *root, *args)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert 'Traceback' not in done.stdout + done.stderr


def test_train_says_that_there_is_nothing_to_train(tmp_path: Path) -> None:
    done = run('train.py', BYTE, '--work-dir', tmp_path)
    assert done.returncode != 0
    assert 'has nothing to train' in done.stderr


TRAIN = """
_base_ = ['{root}/configs/_base_/default_runtime.py']
head = dict(
    type='FCOSHead', num_classes=1, in_channels=8, stacked_convs=1, feat_channels=8,
    strides=[8, 16], regress_ranges=((-1, 64), (64, 1e8)), norm_cfg=None)
model = dict(
    type='SMOT', tracker=dict(type='SORT'),
    detector=dict(type='MMDetDetector', score_threshold=0.0, config=dict(
        model=dict(
            type='FCOS', data_preprocessor=dict(type='DetDataPreprocessor'),
            backbone=dict(
                type='ResNet', depth=18, base_channels=8, num_stages=3,
                strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(1, 2), norm_cfg=dict(type='GN', num_groups=4),
                init_cfg=None),
            neck=dict(
                type='FPN', in_channels=[16, 32], out_channels=8, num_outs=2,
                norm_cfg=None),
            bbox_head=head,
            test_cfg=dict(
                nms_pre=100, min_bbox_size=0, score_thr=0.0,
                nms=dict(type='nms', iou_threshold=0.6), max_per_img=20)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(128, 96), keep_ratio=True),
            dict(type='PackDetInputs', meta_keys=(
                'img_id', 'ori_shape', 'img_shape', 'scale_factor'))])))
train_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='MOTChallengeDataset', data_root='{data}', num_frames=2))
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3))
"""


def test_train_and_resume(scene: Path, tmp_path: Path) -> None:
    config = tmp_path / 'tiny.py'
    config.write_text(TRAIN.format(root=ROOT, data=scene.parent))
    args = (config, '--work-dir', tmp_path / 'work', '--seed', 0)
    first = run('train.py', *args, '--cfg-options', 'train_cfg.max_epochs=1')
    assert first.returncode == 0, first.stderr
    # Kills while these were written.
    (tmp_path / 'work' / 'last_checkpoint').write_text('')
    (tmp_path / 'work' / '.epoch_2.abcdefgh.pth').touch()
    second = run('train.py', *args, '--resume')
    assert second.returncode == 0, second.stderr
    text = second.stdout + second.stderr
    assert 'resumed epoch: 1' in text
    assert 'epoch_1.pth, the newest whole one' in text
    checkpoints = sorted(p.name for p in (tmp_path / 'work').glob('*.pth'))
    assert checkpoints == ['epoch_1.pth', 'epoch_2.pth']


def test_train_by_a_launcher_without_a_gpu(scene: Path, tmp_path: Path) -> None:
    config = tmp_path / 'tiny.py'
    config.write_text(TRAIN.format(root=ROOT, data=scene.parent))
    args = ('--work-dir', tmp_path / 'work', '--launcher', 'pytorch')
    options = ('--cfg-options', 'train_cfg.max_epochs=1')
    done = run('train.py', config, *args, *options, CUDA_VISIBLE_DEVICES='', **alone())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()
    assert 'logs and checkpoints' in done.stdout


def test_mixed_precision_needs_a_gpu(scene: Path, tmp_path: Path) -> None:
    config = 'smoter/detector_tiny_synsmot'
    args = ('--amp', '--data-root', scene, '--work-dir', tmp_path)
    done = run('train.py', config, *args, CUDA_VISIBLE_DEVICES='')
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith('--amp needs a GPU')


def test_weights_that_a_checkpoint_would_go_over(scene: Path, tmp_path: Path) -> None:
    config = 'smoter/smoter_tiny_synsmot_words'
    args = ('--weights', 'own.pth', '--data-root', scene, '--work-dir', tmp_path)
    done = run('train.py', config, *args)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'epoch_5.pth, which would go over --weights' in last
    assert 'load_from=None' in last


def test_print_config_refuses_in_one_line() -> None:
    done = run('misc/print_config.py', 'nope')
    assert done.returncode == 1
    assert done.stderr.startswith("FileNotFoundError: there is no config 'nope'")
    assert len(done.stderr.splitlines()) == 1


def test_print_config() -> None:
    done = run(
        'misc/print_config.py', BYTE, '--cfg-options', 'model.tracker.track_buffer=60'
    )
    assert done.returncode == 0, done.stderr
    assert 'track_buffer=60' in done.stdout
    assert done.stdout.count('track_threshold=') == 1  # not the template too


def test_the_demo_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    done = run('demo.py', '--out', tmp_path / 'file')
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    assert str(tmp_path / 'file') in done.stderr


def test_infer_tells_of_each_video_as_it_is_done(scene: Path, tmp_path: Path) -> None:
    (tmp_path / 'notes.mp4').write_text('these are only words\n' * 200)
    args = ('--config', BYTE, '--out', tmp_path / 'out', '--no-video')
    done = run('infer.py', scene, tmp_path / 'notes.mp4', *args)
    assert done.returncode == 1
    assert str(tmp_path / 'out' / 'walk' / 'result.json') in done.stdout
    assert '1 of 2 videos failed' in done.stderr
    assert 'Traceback' not in done.stderr
