"""Configs in the form of MMTracking's, of networks small enough for a test."""

from __future__ import annotations

from mmengine.config import Config

NORM = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
# A random network's scores are low: every box is tracked.
EVERY = 1e-9
KALMAN = dict(type='KalmanFilter')


def tiny_yolox() -> dict:
    """mmdet 2.25's YOLOX, an eighth as wide as the smallest of the zoo."""
    return dict(
        type='YOLOX',
        input_size=(96, 160),
        random_size_range=(3, 5),
        backbone=dict(type='CSPDarknet', deepen_factor=0.1, widen_factor=0.0625),
        neck=dict(
            type='YOLOXPAFPN',
            in_channels=[16, 32, 64],
            out_channels=8,
            num_csp_blocks=1,
        ),
        bbox_head=dict(type='YOLOXHead', num_classes=1, in_channels=8, feat_channels=8),
        train_cfg=dict(assigner=dict(type='SimOTAAssigner', center_radius=2.5)),
        test_cfg=dict(score_thr=0.0, nms=dict(type='nms', iou_threshold=0.3)),
        init_cfg=dict(type='Pretrained', checkpoint='https://zoo/yolox.pth'),
    )


def tiny_faster_rcnn() -> dict:
    """mmdet 2.25's Faster R-CNN on a shallow ResNet of 8 channels."""
    coder = dict(
        type='DeltaXYWHBBoxCoder', target_stds=[0.1, 0.1, 0.2, 0.2], clip_border=False
    )
    return dict(
        type='FasterRCNN',
        backbone=dict(type='ResNet', depth=18, base_channels=8, style='pytorch'),
        neck=dict(type='FPN', in_channels=[8, 16, 32, 64], out_channels=8, num_outs=5),
        rpn_head=dict(
            type='RPNHead',
            in_channels=8,
            feat_channels=8,
            anchor_generator=dict(
                type='AnchorGenerator',
                scales=[8],
                ratios=[0.5, 1.0, 2.0],
                strides=[4, 8, 16, 32, 64],
            ),
            bbox_coder=dict(type='DeltaXYWHBBoxCoder', clip_border=False),
        ),
        roi_head=dict(
            type='StandardRoIHead',
            bbox_roi_extractor=dict(
                type='SingleRoIExtractor',
                roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=0),
                out_channels=8,
                featmap_strides=[4, 8, 16, 32],
            ),
            bbox_head=dict(
                type='Shared2FCBBoxHead',
                in_channels=8,
                fc_out_channels=16,
                roi_feat_size=7,
                num_classes=1,
                bbox_coder=coder,
            ),
        ),
        train_cfg=None,
        test_cfg=dict(
            rpn=dict(
                nms_pre=50,
                max_per_img=20,
                nms=dict(type='nms', iou_threshold=0.7),
                min_bbox_size=0,
            ),
            rcnn=dict(
                score_thr=0.0, nms=dict(type='nms', iou_threshold=0.3), max_per_img=5
            ),
        ),
    )


def pipeline_0x(*steps: dict, **options: object) -> list[dict]:
    """A test pipeline of mmdet 2.x with ``steps`` after Resize."""
    inner = [
        dict(type='Resize', keep_ratio=True),
        dict(type='RandomFlip'),
        *steps,
        dict(type='ImageToTensor', keys=['img']),
        dict(type='VideoCollect', keys=['img']),
    ]
    options = dict(img_scale=(96, 160), flip=False) | options
    return [
        dict(type='LoadImageFromFile'),
        dict(type='MultiScaleFlipAug', transforms=inner, **options),
    ]


def config_0x(model: dict, *steps: dict, **test: object) -> dict:
    """A whole config; ``steps`` of its test pipeline, ``test`` beside it."""
    test = (
        dict(
            type='MOTChallengeDataset',
            ann_file='data/MOT17/annotations/half-val_cocoformat.json',
            img_prefix='data/MOT17/train',
            pipeline=pipeline_0x(*steps),
        )
        | test
    )
    return dict(
        model=model,
        data=dict(samples_per_gpu=2, workers_per_gpu=2, test=test),
        optimizer=dict(type='SGD', lr=0.001),
        lr_config=dict(policy='step', step=[3]),
        total_epochs=4,
    )


def byte_track() -> dict:
    """ByteTrack behind YOLOX, gaps filled: images are not normalised."""
    tracker = dict(
        type='ByteTracker',
        obj_score_thrs=dict(high=EVERY, low=0.0),
        init_track_thr=EVERY,
        weight_iou_with_det_scores=False,
        match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
        num_frames_retain=30,
    )
    model = dict(
        type='ByteTrack', detector=tiny_yolox(), motion=KALMAN, tracker=tracker
    )
    pad = dict(type='Pad', size_divisor=32, pad_val=dict(img=(114.0, 114.0, 114.0)))
    gaps = dict(min_num_frames=5, max_num_frames=20)
    return config_0x(model, pad, interpolate_tracklet=gaps)


def oc_sort() -> dict:
    """OC-SORT behind the same detector, as the pull request that brought it had it."""
    config = byte_track()
    config['model'].update(
        type='OCSORT',
        tracker=dict(
            type='OCSORTTracker',
            obj_score_thr=EVERY,
            init_track_thr=EVERY,
            weight_iou_with_det_scores=False,
            match_iou_thr=0.3,
            num_tentatives=3,
            vel_consist_weight=0.2,
            vel_delta_t=3,
            num_frames_retain=30,
        ),
    )
    test = config['data']['test']
    test['interpolate_tracks_cfg'] = test.pop('interpolate_tracklet')
    return config


def sort() -> dict:
    """SORT behind Faster R-CNN, its weights in ``pretrains`` (0.5)."""
    model = dict(
        type='DeepSORT',
        pretrains=dict(detector='https://zoo/faster-rcnn.pth'),
        detector=tiny_faster_rcnn(),
        motion=dict(type='KalmanFilter', center_only=False),
        tracker=dict(
            type='SortTracker', obj_score_thr=0.01, match_iou_thr=0.5, reid=None
        ),
    )
    return config_0x(
        model, dict(type='Normalize', **NORM), dict(type='Pad', size_divisor=32)
    )


def deep_sort() -> dict:
    """SORT's config with a ReID network."""
    config = sort()
    reid = dict(num_samples=10, img_scale=(256, 128), match_score_thr=2.0)
    config['model']['tracker'].update(reid=reid, num_tentatives=2)
    config['model']['reid'] = dict(type='BaseReID', backbone=dict(type='ResNet'))
    return config


def tracktor() -> dict:
    config = deep_sort()
    config['model'].update(
        type='Tracktor',
        motion=dict(type='CameraMotionCompensation', num_iters=100),
        tracker=dict(type='TracktorTracker', obj_score_thr=0.5, num_frames_retain=10),
    )
    return config


def qd_track() -> dict:
    config = sort()
    config['model'].update(
        type='QDTrack',
        track_head=dict(type='QuasiDenseTrackHead'),
        tracker=dict(type='QuasiDenseEmbedTracker', init_score_thr=0.9),
    )
    del config['model']['motion']
    return config


def byte_track_1x() -> dict:
    """ByteTrack as MMTracking 1.x has it: mmengine's keys, scopes before names."""
    model = byte_track()['model']
    for key in ('input_size', 'random_size_range'):
        del model['detector'][key]
    model['detector'].update(_scope_='mmdet', type='mmdet.YOLOX')
    resizes = dict(type='mmdet.BatchSyncRandomResize', random_size_range=(96, 160))
    model['data_preprocessor'] = dict(
        type='TrackDataPreprocessor', pad_size_divisor=32, batch_augments=[resizes]
    )
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadTrackAnnotations', with_instance_id=True),
        dict(type='mmdet.Resize', scale=(96, 160), keep_ratio=True),
        dict(type='mmdet.Pad', size_divisor=32, pad_val=dict(img=(114.0,) * 3)),
        dict(type='PackTrackInputs', pack_single_img=True),
    ]
    dataset = dict(
        type='MOTChallengeDataset',
        data_root='data/MOT17/',
        ann_file='annotations/test_cocoformat.json',
        data_prefix=dict(img_path='test'),
        pipeline=pipeline,
    )
    gaps = dict(type='InterpolateTracklets', min_num_frames=5, max_num_frames=20)
    return dict(
        model=model,
        test_dataloader=dict(batch_size=1, dataset=dataset),
        test_evaluator=dict(
            type='MOTChallengeMetrics', postprocess_tracklet_cfg=[gaps]
        ),
        optim_wrapper=dict(type='OptimWrapper'),
    )


def as_mmdet_has_it(config: dict) -> dict:
    """Model and test pipeline as mmdet 3's own tracking configs have them."""
    model = dict(config['model'])
    pipeline = config['data']['test']['pipeline'][1]
    steps = {step['type']: step for step in pipeline['transforms']}
    options = dict(pad_size_divisor=32)
    if 'Normalize' in steps:
        options |= dict(mean=NORM['mean'], std=NORM['std'], bgr_to_rgb=NORM['to_rgb'])
    dropped = ('input_size', 'random_size_range', 'init_cfg')
    detector = {k: v for k, v in model['detector'].items() if k not in dropped}
    tracker = dict(model['tracker'], motion=model['motion'])
    tracker['type'] = tracker['type'].replace('SortTracker', 'SORTTracker')
    inner = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=pipeline['img_scale'], keep_ratio=True),
        dict(type='LoadTrackAnnotations'),
    ]
    if 'Normalize' not in steps:
        inner.insert(2, steps['Pad'])
    return dict(
        model=dict(
            type=model['type'],
            data_preprocessor=dict(type='TrackDataPreprocessor', **options),
            detector=detector,
            tracker=tracker,
        ),
        pipeline=[
            dict(type='TransformBroadcaster', transforms=inner),
            dict(type='PackTrackInputs'),
        ],
    )


def as_file(config: dict) -> str:
    """The text of a config."""
    return Config(config).pretty_text
