"""Old tracking configs, told and written as configs of today."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.datasets import open_video
from mmsmot.registry import MODELS, TASK_UTILS
from mmsmot.structures import SMOTDataSample, Trajectories
from mmsmot.utils.mmdet_bridge import mmdet_scope
from tests.demo_scene import make_demo_scene

from . import old_tracking_configs as old
from .mmtrack_tool import Tool, converted, in_process, write


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    return in_process(monkeypatch)


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('old') / 'walk', num_frames=4)


def track(config: dict, scene: Path) -> Trajectories:
    """What a random network of a config tracks in four frames."""
    torch.manual_seed(1)
    model = MODELS.build(config.model).eval()
    video = open_video(scene)
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=np.arange(4)))
    sample = model.test_step({'inputs': [video], 'data_samples': [sample]})[0]
    return sample.pred_trajectories


@pytest.mark.parametrize('options', [(), ('--ours',)], ids=['mmdet', 'ours'])
@pytest.mark.parametrize('make', [old.byte_track, old.sort, old.oc_sort])
def test_what_is_written_tracks(
    tool: Tool, tmp_path: Path, scene: Path, make: Callable, options: tuple[str, ...]
) -> None:
    config = converted(tool, tmp_path, make(), *options)
    if config.model.tracker.type in ('SORT', 'OCSORT'):
        config.model.tracker.min_hits = 0  # four frames are few
    trajectories = track(config, scene)
    assert len(trajectories)
    assert trajectories.frame_ids.max() == 4
    _, lengths = np.unique(trajectories.ids, return_counts=True)
    assert lengths.max() > 1  # somebody was matched


def tracked_by_mmdet(config: dict, weights: dict, scene: Path) -> list[tuple]:
    """Frame, id, score and box of what mmdet's own tracking model reports."""
    from mmdet.apis import inference_mot
    from mmdet.registry import MODELS as MMDET_MODELS

    video = open_video(scene)
    rows = []
    with mmdet_scope():
        model = MMDET_MODELS.build(Config(config).model).eval()
        model.detector.load_state_dict(weights)
        dataset = dict(pipeline=config['pipeline'])
        model.cfg = Config(dict(test_dataloader=dict(dataset=dataset)))
        for index, frame in enumerate(video):
            (sample,) = inference_mot(model, frame.image, index, len(video))
            tracks = sample.pred_track_instances
            columns = (tracks.instances_id + 1, tracks.scores, tracks.bboxes)
            for row in zip(*(column.tolist() for column in columns), strict=True):
                rows.append((index + 1, row[0], row[1], *row[2]))
    return sorted(rows)


@pytest.mark.parametrize('make', [old.byte_track, old.sort, old.oc_sort])
def test_the_same_tracks_as_mmdets_own_pipeline(
    tool: Tool, tmp_path: Path, scene: Path, make: Callable
) -> None:
    config = converted(tool, tmp_path, make())
    config.model.pop('post_processing', None)
    torch.manual_seed(1)
    weights = MODELS.build(config.model.detector).model.state_dict()
    ours = track(config, scene)  # the same seed
    columns = (ours.frame_ids, ours.ids, ours.scores, *ours.boxes.T)
    theirs = tracked_by_mmdet(old.as_mmdet_has_it(make()), weights, scene)
    assert len({row[1] for row in theirs}) < len(theirs)  # somebody is matched
    np.testing.assert_allclose(
        sorted(zip(*columns, strict=True)), theirs, rtol=1e-5, atol=1e-4
    )


def test_byte_track_with_yolox(tool: Tool, tmp_path: Path) -> None:
    config = converted(tool, tmp_path, old.byte_track())
    detector = config.model.detector
    assert detector.type == 'MMDetDetector'
    # No detection is lost between the detector and the tracker's own thresholds.
    assert (detector.score_threshold, detector.labels) == (0.0, None)
    model = detector.config.model
    assert not {'input_size', 'random_size_range', 'init_cfg'} & {*model}
    assert model.data_preprocessor == dict(
        type='DetDataPreprocessor', pad_size_divisor=32, pad_value=114.0
    )
    assert detector.config.test_pipeline[:2] == [
        dict(type='LoadImageFromNDArray'),
        dict(type='Resize', scale=(96, 160), keep_ratio=True),
    ]
    assert [step.type for step in detector.config.test_pipeline[2:]] == [
        'PackDetInputs'
    ]
    assert config.model.tracker == dict(
        type='MMDetTracker',
        tracker=dict(
            type='ByteTracker',
            _scope_='mmdet',
            motion=dict(type='KalmanFilter'),
            obj_score_thrs=dict(high=old.EVERY, low=0.0),
            init_track_thr=old.EVERY,
            weight_iou_with_det_scores=False,
            match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
            num_frames_retain=30,
        ),
    )
    kinds = [part.type for part in config.model.post_processing]
    assert kinds[1:] == ['LinearInterpolation']
    assert config.test_dataloader.dataset.data_root == 'data/MOT17/train'


def test_sort_with_faster_rcnn(tool: Tool, tmp_path: Path) -> None:
    config = converted(tool, tmp_path, old.sort())
    model = config.model.detector.config.model
    assert model.data_preprocessor == dict(
        type='DetDataPreprocessor',
        mean=old.NORM['mean'],
        std=old.NORM['std'],
        bgr_to_rgb=True,
        pad_size_divisor=32,
        pad_value=0,
    )
    tracker = config.model.tracker.tracker
    assert (tracker.type, tracker.reid) == ('SORTTracker', None)
    assert tracker.motion == dict(type='KalmanFilter', center_only=False)
    assert 'https://zoo/faster-rcnn.pth' in (tmp_path / 'new.py').read_text()


def test_trackers_of_ours_get_the_old_thresholds(tool: Tool, tmp_path: Path) -> None:
    config = old.byte_track()
    config['model']['tracker'].update(
        obj_score_thrs=dict(high=0.6, low=0.2), init_track_thr=0.75
    )
    tracker = converted(tool, tmp_path, config, '--ours').model.tracker
    assert tracker.pop('type') == 'ByteTrack'
    assert tracker == dict(
        track_threshold=0.6,
        low_threshold=0.2,
        birth_threshold=0.75,
        match_threshold=0.9,
        second_match_threshold=0.5,
        tentative_match_threshold=0.7,
        fuse_score=False,
        track_buffer=29,
    )


def test_defaults_of_an_old_tracker_hold_for_ours(tool: Tool, tmp_path: Path) -> None:
    config = old.oc_sort()
    config['model']['tracker'] = dict(type='OCSORTTracker', num_frames_retain=30)
    tracker = converted(tool, tmp_path, config, '--ours').model.tracker
    assert tracker == dict(
        type='OCSORT',
        det_threshold=0.3,
        iou_threshold=0.3,
        max_age=29,
        delta_t=3,
        inertia=0.2,
    )


def test_a_config_of_version_1(tool: Tool, tmp_path: Path, scene: Path) -> None:
    config = converted(tool, tmp_path, old.byte_track_1x())
    detector = config.model.detector.config
    assert detector.model.type == 'YOLOX'
    assert detector.model.data_preprocessor.pad_value == 114.0
    assert detector.test_pipeline[1].keep_ratio is True
    assert len(config.model.post_processing) == 2
    assert config.test_dataloader.dataset.data_root == 'data/MOT17/test'
    assert len(track(config, scene))


def test_a_pad_before_the_image_is_normalised_stays_a_step(
    tool: Tool, tmp_path: Path
) -> None:
    config = old.sort()
    pad = dict(type='Pad', size=(96, 160), pad_val=dict(img=(1, 2, 3)))
    steps = old.pipeline_0x(pad, dict(type='Normalize', **old.NORM))
    config['data']['test']['pipeline'] = steps
    detector = converted(tool, tmp_path, config).model.detector.config
    assert 'pad_value' not in detector.model.data_preprocessor
    # mmdet 2 counts height first, mmdet 3 width.
    padding = dict(type='Pad', size=(160, 96), pad_val=dict(img=(1.0, 2.0, 3.0)))
    assert detector.test_pipeline[2] == padding


def test_steps_for_several_images(tool: Tool, tmp_path: Path) -> None:
    config = old.sort()
    config['data']['test']['pipeline'] = [
        dict(type='LoadMultiImagesFromFile'),
        dict(type='SeqResize', img_scale=(96, 160)),
        dict(type='SeqNormalize', **old.NORM),
        dict(type='SeqPad', size_divisor=16),
        dict(type='VideoCollect', keys=['img']),
        dict(type='ConcatVideoReferences'),
        dict(type='MultiImagesToTensor', ref_prefix='ref'),
        dict(type='ToList'),
    ]
    detector = converted(tool, tmp_path, config).model.detector.config
    # mmdet 2 keeps the ratio unless it is told otherwise, mmdet 3 stretches.
    resize = dict(type='Resize', scale=(96, 160), keep_ratio=True)
    assert detector.test_pipeline[1] == resize
    assert detector.model.data_preprocessor.pad_size_divisor == 16


def mmtrack_interpolation(
    rows: list[tuple], min_num_frames: int, max_num_frames: int
) -> set[tuple]:
    """MMTracking's rule as its code has it, for rows (frame, id, x)."""
    kept = set()
    for name in {row[1] for row in rows}:
        own_rows = sorted(row for row in rows if row[1] == name)
        if len(own_rows) <= 2:
            continue
        kept |= {*own_rows}
        if len(own_rows) <= min_num_frames:
            continue
        for (first, _, x), (last, _, x_last) in zip(
            own_rows, own_rows[1:], strict=False
        ):
            apart = last - first
            if 1 < apart < max_num_frames:
                kept |= {
                    (first + step, name, x + (x_last - x) * step / apart)
                    for step in range(1, apart)
                }
    return kept


@pytest.mark.parametrize('numbers', [(5, 20), (0, 3), (3, 2), (8, 5)])
def test_interpolation_fills_exactly_what_mmtracking_fills(
    tool: Tool, tmp_path: Path, numbers: tuple[int, int]
) -> None:
    config = old.byte_track()
    keys = ('min_num_frames', 'max_num_frames')
    gaps = dict(zip(keys, numbers, strict=True))
    config['data']['test']['interpolate_tracklet'] = gaps
    parts = converted(tool, tmp_path, config).model.post_processing
    random = np.random.default_rng(0)
    rows = []
    for name in range(1, 40):
        frames = np.cumsum(random.integers(1, random.choice([2, 4, 24]), 12))
        count = random.integers(1, 13)
        rows += [(int(f), name, float(f * f)) for f in frames[:count]]
    frames, ids, x = map(np.array, zip(*rows, strict=True))
    boxes = np.stack([x, x * 0, x + 10, x * 0 + 20], axis=1)
    trajectories = Trajectories(frames, ids, boxes)
    for part in parts:
        trajectories = TASK_UTILS.build(part)(trajectories, np.arange(1, 400))
    columns = (trajectories.frame_ids, trajectories.ids, trajectories.boxes[:, 0])
    ours = {
        (int(f), int(i), round(float(x), 6)) for f, i, x in zip(*columns, strict=True)
    }
    theirs = mmtrack_interpolation(rows, *numbers)
    assert ours == {(f, i, round(x, 6)) for f, i, x in theirs}


def test_links_and_smoothing_of_strong_sort(tool: Tool, tmp_path: Path) -> None:
    config = old.byte_track_1x()
    config['test_evaluator']['postprocess_tracklet_cfg'] = [
        dict(
            type='AppearanceFreeLink',
            checkpoint='https://zoo/aflink.pth',
            temporal_threshold=(0, 30),
            spatial_threshold=50,
        ),
        dict(type='InterpolateTracklets', use_gsi=True, smooth_tau=8),
    ]
    parts = converted(tool, tmp_path, config).model.post_processing
    link, _, gaps, smoothing = parts
    assert (link.type, link.max_gap, link.max_distance) == ('AFLink', 31, 50.0)
    assert gaps == dict(type='LinearInterpolation', max_gap=18, min_boxes=6)
    assert smoothing == dict(type='GaussianSmoothing', tau=8.0)


@pytest.mark.parametrize(
    ('half', 'split'), [('half-val', 'val_half'), ('half-train', 'train_half')]
)
def test_halves_of_sequences_stay_halves(
    tool: Tool, tmp_path: Path, half: str, split: str
) -> None:
    config = old.byte_track()
    name = f'data/MOT17/annotations/{half}_cocoformat.json'
    config['data']['test'] = config['data']['test'] | dict(ann_file=name)
    assert converted(tool, tmp_path, config).test_dataloader.dataset.split == split
    assert (
        'the same frames of each sequence here' in tool(write(tmp_path, config)).stdout
    )


HALF = 'mot17halftrain_test-mot17halfval.py'


@pytest.mark.parametrize(
    ('name', 'missing'),
    [
        (f'bytetrack/bytetrack_yolox_x_8xb4-80e_crowdhuman-{HALF}', ''),
        (f'ocsort/ocsort_yolox_x_8xb4-amp-80e_crowdhuman-{HALF}', ''),
        (f'sort/sort_faster-rcnn_r50_fpn_8xb2-4e_{HALF}', ''),
        (f'deepsort/deepsort_faster-rcnn_r50_fpn_8xb2-4e_{HALF}', 'reid'),
        (f'strongsort/strongsort_yolox_x_8xb4-80e_crowdhuman-{HALF}', 'reid, cmc'),
        (f'qdtrack/qdtrack_faster-rcnn_r50_fpn_8xb2-4e_{HALF}', 'track_head, tracker'),
    ],
)
def test_configs_of_mmdet_itself(
    tool: Tool, tmp_path: Path, name: str, missing: str
) -> None:
    package = Path(find_spec('mmdet').origin).parent
    path = package / '.mim' / 'configs' / name
    if not path.is_file():
        pytest.skip('this mmdet has no configs with it')
    if not missing:
        assert tool(path, '--out', tmp_path / 'new.py').code is None
        return
    run = tool(path)
    assert (run.code, run.stderr) == (2, f'no counterpart for: {missing}\n')


def test_a_base_config_is_read(tool: Tool, tmp_path: Path) -> None:
    config = old.byte_track()
    detector = config['model'].pop('detector')
    (tmp_path / '_base_').mkdir()
    write(tmp_path / '_base_', dict(model=dict(detector=detector)), 'yolox.py')
    path = write(tmp_path, config)
    path.write_text("_base_ = ['_base_/yolox.py']\n" + path.read_text())
    assert tool(path).code is None
