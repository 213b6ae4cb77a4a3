"""mmdet's trackers in our slot: the same tracks as in mmdet, rows, ids and refusals."""

from __future__ import annotations

import copy
from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip('mmdet', reason='needs mmdet')

import torch
from mmengine.structures import InstanceData

from mmsmot.engine import load_config
from mmsmot.models.trackers.mmdet_tracker import MMDetTracker, build_mmdet_tracker
from mmsmot.registry import TRACKERS
from mmsmot.structures import Detections, Frame, Tracks, VideoInfo
from mmsmot.utils.mmdet_bridge import import_mmdet

needs_lap = pytest.mark.skipif(
    find_spec('lap') is None, reason='this tracker of mmdet needs the package lap'
)
KALMAN = dict(type='KalmanFilter')
APPEARANCE = dict(
    num_samples=10, img_scale=(256, 128), img_norm_cfg=None, match_score_thr=2.0
)
STRONG = dict(
    APPEARANCE,
    num_samples=None,
    img_norm_cfg=dict(mean=[0, 0, 0], std=[1, 1, 1], to_rgb=True),
    match_score_thr=0.3,
    motion_weight=0.02,
)
CONFIGS = {
    'SORT': dict(type='SORTTracker', motion=KALMAN, obj_score_thr=0.5, reid=None),
    'DeepSORT': dict(type='SORTTracker', motion=KALMAN, reid=APPEARANCE),
    'StrongSORT': dict(
        type='StrongSORTTracker',
        motion=dict(KALMAN, use_nsa=True),
        momentums=dict(embeds=0.1),
        reid=STRONG,
    ),
    'ByteTrack': dict(type='ByteTracker', motion=KALMAN, num_frames_retain=30),
    'OC-SORT': dict(type='OCSORTTracker', motion=KALMAN, num_frames_retain=30),
}
every_tracker = pytest.mark.parametrize(
    'config',
    [
        pytest.param(c, marks=needs_lap if n in ('ByteTrack', 'OC-SORT') else ())
        for n, c in CONFIGS.items()
    ],
    ids=CONFIGS,
)


def walk(num_frames: int = 25, with_looks: bool = True) -> list[Detections]:
    """Six people of two classes who walk, with misses, weak scores, ghosts and gaps."""
    rng = np.random.default_rng(7)
    centre, speed = rng.uniform(0, 300, (6, 2)), rng.normal(0, 5, (6, 2))
    looks = 3 * rng.normal(size=(6, 8))
    video = []
    for t in range(num_frames):
        centre = centre + speed
        seen = rng.random(6) > 0.15
        if t in (0, 9):
            seen[:] = False
        who = rng.permutation(np.flatnonzero(seen))
        ghosts = rng.uniform(0, 300, (rng.poisson(0.5) * seen.any(), 2))
        middle = np.concatenate([centre[who] + rng.normal(0, 1, (len(who), 2)), ghosts])
        boxes = np.concatenate([middle - [15, 40], middle + [15, 40]], axis=1)
        seen_looks = looks[who] + rng.normal(0, 0.1, (len(who), 8))
        video.append(
            Detections(
                boxes,
                rng.uniform(0.2, 1, len(boxes)),
                np.concatenate([who % 2, np.zeros(len(ghosts))]),
                np.concatenate([seen_looks, rng.normal(size=(len(ghosts), 8))])
                if with_looks
                else None,
            )
        )
    return video


def run(tracker: MMDetTracker, video: list[Detections]) -> list[Tracks]:
    return [tracker.update(detections) for detections in video]


def assert_equal(a: list[Tracks], b: list[Tracks]) -> None:
    for one, other in zip(a, b, strict=True):
        for name in ('ids', 'boxes', 'scores', 'labels', 'det_index'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


class LooksUp:
    """A ReID network that knows what each crop shows: crops are embeddings here."""

    def __call__(self, crops: torch.Tensor, mode: str) -> torch.Tensor:
        assert mode == 'tensor'
        return crops

    class head:
        out_channels = 8


def run_in_mmdet(config: dict, video: list[Detections]) -> list[InstanceData]:
    """Without the adapter: mmdet's class called as its MOT models call it."""
    tracker = build_mmdet_tracker(config)
    model = torch.nn.Module()
    model.with_cmc, model.reid = False, LooksUp()
    found = []
    for t, detections in enumerate(video):
        looks = torch.from_numpy(detections.embeddings)

        def crop(img, meta, boxes, rescale, looks=looks, detections=detections):
            mask = detections.scores.astype(np.float32) > tracker.obj_score_thr
            return looks[torch.from_numpy(mask)]

        tracker.crop_imgs = crop
        sample = import_mmdet().structures.DetDataSample(metainfo={'frame_id': t})
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor(detections.boxes, dtype=torch.float32),
            scores=torch.tensor(detections.scores, dtype=torch.float32),
            labels=torch.tensor(detections.labels),
        )
        picture = torch.zeros(1, 3, 4, 4)
        found.append(
            tracker.track(
                model=model, img=picture, data_sample=sample, data_preprocessor={}
            )
        )
    return found


@every_tracker
def test_tracks_are_those_that_mmdet_makes(config: dict) -> None:
    video = walk()
    if config['type'] == 'StrongSORTTracker':  # pixels do not matter to LooksUp
        config = dict(config, reid=dict(config['reid'], img_norm_cfg=None))
    expected = run_in_mmdet(config, video)
    tracks = run(MMDetTracker(tracker=config), video)
    assert sum(map(len, tracks)) > 50
    for ours, theirs in zip(tracks, expected, strict=True):
        np.testing.assert_array_equal(ours.ids, theirs.instances_id.numpy() + 1)
        np.testing.assert_allclose(ours.boxes, theirs.bboxes.numpy(), rtol=1e-6)
        np.testing.assert_array_equal(ours.labels, theirs.labels.numpy())


@every_tracker
def test_det_index_points_at_the_detection_taken(config: dict) -> None:
    video = walk()
    for detections, tracks in zip(
        video, run(MMDetTracker(tracker=config), video), strict=True
    ):
        rows = tracks.det_index
        assert len(np.unique(rows)) == len(rows)
        assert len(np.unique(tracks.ids)) == len(rows)
        for name in ('boxes', 'scores', 'labels'):
            np.testing.assert_array_equal(
                getattr(tracks, name), getattr(detections, name)[rows]
            )


@every_tracker
def test_reset_is_a_fresh_tracker(config: dict) -> None:
    video, tracker = walk(), MMDetTracker(tracker=config)
    first = run(tracker, video)
    assert min(t.ids.min() for t in first if len(t)) == 1
    assert_equal(first, run(MMDetTracker(tracker=config), video))
    tracker.reset()
    assert_equal(first, run(tracker, video))


@every_tracker
def test_no_detections_and_one_frame(config: dict) -> None:
    tracker = MMDetTracker(tracker=config)
    for tracks in run(tracker, [Detections.empty()] * 3):
        assert len(tracks) == 0
        assert tracks.boxes.shape == (0, 4)
    tracker.reset()
    look = np.ones((1, 4), np.float32)
    tracks = tracker.update(Detections([[10, 10, 50, 90.1]], [0.95], [2], look))
    assert tracks.ids.tolist() == [1] and tracks.ids.dtype == np.int64
    assert tracks.labels.tolist() == [2]
    assert tracks.det_index.tolist() == [0]
    assert tracks.boxes.tolist() == [[10, 10, 50, 90.1]]  # not rounded to float32


@every_tracker
def test_a_copy_goes_its_own_way(config: dict) -> None:
    video, tracker = walk(), MMDetTracker(tracker=config)
    run(tracker, video[:12])
    other = copy.deepcopy(tracker)
    assert_equal(run(tracker, video[12:]), run(other, video[12:]))


def test_equal_detections_get_rows_of_their_own() -> None:
    boxes = np.array([[0, 0, 10, 20.0]] * 3 + [[50, 0, 60, 20]])
    tracks = MMDetTracker(tracker=CONFIGS['SORT']).update(
        Detections(boxes, [0.9, 0.3, 0.9, 0.9])
    )
    assert tracks.det_index.tolist() == [0, 2, 3]


def test_appearance_is_that_of_the_detection() -> None:
    """Two people change places in one frame; only their looks tell so."""
    boxes = np.array([[0, 0, 30, 80.0], [40, 0, 70, 80]])
    looks = np.eye(2, 4, dtype=np.float32)
    weak = np.array([[200, 0, 230, 80.0]])  # first row, not looked at by mmdet

    def frame(order: list[int]) -> Detections:
        return Detections(
            np.concatenate([weak, boxes]),
            [0.1, 0.9, 0.9],
            None,
            np.concatenate([[[9, 9, 9, 9]], looks[order]]),
        )

    tracker = MMDetTracker(
        tracker=dict(
            CONFIGS['DeepSORT'],
            num_tentatives=2,
            reid=dict(APPEARANCE, match_score_thr=0.5),
            motion=dict(KALMAN, center_only=True),
        )
    )
    for _ in range(3):
        assert tracker.update(frame([0, 1])).ids.tolist() == [1, 2]
    tracker._mmdet.motion.gating_threshold = np.inf
    assert tracker.update(frame([1, 0])).ids.tolist() == [2, 1]


def test_a_tracker_that_keeps_fields_and_ids_of_any_type() -> None:
    mmdet = import_mmdet()

    class Keeper(mmdet.models.trackers.BaseTracker):
        def track(self, model, img, data_sample, **kwargs) -> InstanceData:
            kept = data_sample.pred_instances[torch.tensor([2, 0])]
            kept.bboxes = kept.bboxes + 1
            kept.instances_id = torch.tensor([4.0, 0.0])
            return kept

    mmdet.registry.MODELS.register_module(module=Keeper, force=True)
    tracker = MMDetTracker(tracker=dict(type='Keeper'))
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10.0]])
    tracks = tracker.update(Detections(boxes, [0.9, 0.8, 0.7]))
    assert tracks.ids.tolist() == [5, 1] and tracks.ids.dtype == np.int64
    assert tracks.det_index.tolist() == [2, 0]
    assert tracks.scores.tolist() == [0.7, 0.9]


def test_a_box_of_its_own_has_no_row() -> None:
    mmdet = import_mmdet()

    class Smoother(mmdet.models.trackers.BaseTracker):
        def track(self, model, img, data_sample, **kwargs) -> InstanceData:
            seen = data_sample.pred_instances
            return InstanceData(
                bboxes=seen.bboxes + torch.tensor([[0.0], [0.5]]),
                scores=seen.scores,
                labels=seen.labels,
                instances_id=torch.tensor([0, 1], dtype=torch.int32),
            )

    mmdet.registry.MODELS.register_module(module=Smoother, force=True)
    tracks = MMDetTracker(tracker=dict(type='Smoother')).update(
        Detections([[0, 0, 10, 10], [20, 0, 30, 10]], [0.9, 0.8])
    )
    assert tracks.det_index.tolist() == [0, -1]
    assert tracks.boxes.tolist() == [[0, 0, 10, 10], [20.5, 0.5, 30.5, 10.5]]


def test_the_frame_is_no_matter() -> None:
    """Numbers of a stride or of a later start are not mmdet's, which count from 0."""
    video = walk()
    info = VideoInfo('walk', '', width=400, height=400)
    tracker = MMDetTracker(tracker=CONFIGS['SORT'])
    tracks = [
        tracker.update(d, Frame(info, 5 + 2 * t, t / 30)) for t, d in enumerate(video)
    ]
    assert_equal(tracks, run(MMDetTracker(tracker=CONFIGS['SORT']), video))


@pytest.mark.parametrize(
    ('name', 'part'),
    [
        ('sort', 'SORTTracker'),
        pytest.param('bytetrack', 'ByteTracker', marks=needs_lap),
        pytest.param('ocsort', 'OCSORTTracker', marks=needs_lap),
    ],
)
def test_configs_build_the_class_named(name: str, part: str) -> None:
    config = load_config(f'two_stage/mmdet-{name}_public-detections')
    tracker = TRACKERS.build(config.model.tracker)
    tracker.reset()
    assert type(tracker._mmdet).__name__ == part
    assert tracker._mmdet.motion.gating_threshold == 9.4877


@pytest.mark.parametrize(
    ('config', 'error', 'text'),
    [
        ('SORTTracker', TypeError, r'must be a config of mmdet such as'),
        (dict(motion=KALMAN), TypeError, r"must be .*got \{'motion'"),
        (dict(type='SORTracker'), KeyError, r"no tracker 'SORTracker'.*SORTTracker"),
        (dict(type='FCOS'), TypeError, r'FCOS of mmdet is no tracker'),
        (
            dict(type='QuasiDenseTracker'),
            NotImplementedError,
            r'QuasiDense.*track_head',
        ),
        (dict(type='MaskTrackRCNNTracker'), NotImplementedError, r'feature maps'),
        (dict(type='SORTTracker'), ValueError, r'needs a Kalman filter: motion='),
    ],
    ids=lambda c: c.get('type', 'untyped') if isinstance(c, dict) else None,
)
def test_what_does_not_run_is_refused_when_a_video_begins(config, error, text) -> None:
    with pytest.raises(error, match=text):
        MMDetTracker(tracker=config).reset()


@pytest.mark.parametrize('name', ['ByteTrack', 'OC-SORT'])
def test_without_lap_it_says_how_to_get_it(name: str, monkeypatch) -> None:
    import_mmdet()
    module = 'byte_tracker' if name == 'ByteTrack' else 'ocsort_tracker'
    monkeypatch.setattr(f'mmdet.models.trackers.{module}.lap', None)
    with pytest.raises(ImportError, match=r"package lap:  pip .*\[mmdet-trackers\]'"):
        MMDetTracker(tracker=CONFIGS[name]).reset()


def test_appearance_without_embeddings_is_refused() -> None:
    tracker = MMDetTracker(tracker=CONFIGS['DeepSORT'])
    tracker.update(Detections.empty())
    with pytest.raises(
        ValueError, match=r'SORTTracker compares appearance.*model\.reid'
    ):
        tracker.update(walk(with_looks=False)[1])


def test_what_a_tracker_of_ones_own_asks_for_and_is_not_here_is_named() -> None:
    mmdet = import_mmdet()

    class Curious(mmdet.models.trackers.BaseTracker):
        def __init__(self, wants: str) -> None:
            super().__init__()
            self.wants = wants

        def track(self, model, img, data_sample, **kwargs) -> InstanceData:
            if self.wants == 'pixels':
                return img.mean()
            if self.wants == 'detector':
                return model.detector
            self.obj_score_thr = 0.5
            return self.crop_imgs(img, {}, data_sample.pred_instances.bboxes + 1, True)

    mmdet.registry.MODELS.register_module(module=Curious, force=True)
    one = Detections([[0, 0, 9, 9]], [0.9])
    for wants, text in {
        'pixels': r'Curious looks at the image \(img\.mean\)',
        'detector': r"Curious asks the model around it for 'detector'",
        'crops': r'Curious asks for the appearance of other boxes',
    }.items():
        tracker = MMDetTracker(tracker=dict(type='Curious', wants=wants))
        with pytest.raises(NotImplementedError, match=text):
            tracker.update(one)


def test_ids_on_a_seeded_stream() -> None:
    """What onedl-mmdetection 3.5.1 reports: 64 identities of six people."""
    tracks = run(MMDetTracker(tracker=CONFIGS['SORT']), walk())
    assert sum(map(len, tracks)) == 84
    assert len(np.unique(np.concatenate([t.ids for t in tracks]))) == 64
