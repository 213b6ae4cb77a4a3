"""The smallest detector of mmdet that still is one."""

from __future__ import annotations


def tiny_fcos() -> dict:
    """A config for ``MMDetDetector``: FCOS, a shallow ResNet, 8 channels, no download."""
    backbone = dict(
        type='ResNet',
        depth=18,
        base_channels=8,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(1, 2),
        norm_cfg=dict(type='GN', num_groups=4),
    )
    head = dict(
        type='FCOSHead',
        num_classes=2,
        in_channels=8,
        stacked_convs=1,
        feat_channels=8,
        strides=[8, 16],
        regress_ranges=((-1, 64), (64, 1e8)),
        norm_cfg=None,
    )
    neck = dict(type='FPN', in_channels=[16, 32], out_channels=8, num_outs=2)
    test_cfg = dict(
        nms_pre=100,
        min_bbox_size=0,
        score_thr=0.0,
        nms=dict(type='nms', iou_threshold=0.6),
        max_per_img=20,
    )
    model = dict(
        type='FCOS',
        data_preprocessor=dict(type='DetDataPreprocessor', mean=[0.0], std=[255.0]),
        backbone=backbone,
        neck=neck,
        bbox_head=head,
        test_cfg=test_cfg,
    )
    keys = ('img_id', 'ori_shape', 'img_shape', 'scale_factor')
    pipeline = [
        dict(type='LoadImageFromNDArray'),
        dict(type='Resize', scale=(128, 96), keep_ratio=True),
        dict(type='PackDetInputs', meta_keys=keys),
    ]
    return dict(model=model, test_pipeline=pipeline)


def tiny_anchor_detector(kind: str) -> dict:
    """The same with a dense anchor head: ``'RetinaNet'`` or ``'SSD'`` (softmax)."""
    config = tiny_fcos()
    model = config['model']
    retina_anchors = dict(
        type='AnchorGenerator',
        octave_base_scale=4,
        scales_per_octave=2,
        ratios=[0.5, 2.0],
        strides=[8, 16],
    )
    ssd_anchors = dict(
        type='SSDAnchorGenerator',
        scale_major=False,
        min_sizes=[20, 40, 80],
        max_sizes=[40, 80, 120],
        strides=[8, 16, 32],
        ratios=[[2], [2], [2]],
    )
    coder = dict(type='DeltaXYWHBBoxCoder', target_stds=[0.1, 0.1, 0.2, 0.2])
    if kind == 'SSD':
        head = dict(
            type='SSDHead',
            num_classes=2,
            in_channels=(8, 8, 8),
            anchor_generator=ssd_anchors,
            bbox_coder=coder,
        )
        model |= dict(type='SingleStageDetector', bbox_head=head)
        model['neck']['num_outs'] = 3
    else:
        head = dict(
            type='RetinaHead',
            num_classes=2,
            in_channels=8,
            stacked_convs=1,
            feat_channels=8,
            anchor_generator=retina_anchors,
            bbox_coder=coder,
        )
        model |= dict(type='RetinaNet', bbox_head=head)
    model['test_cfg'].update(nms_pre=-1, max_per_img=10_000)
    return config
