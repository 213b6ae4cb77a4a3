# An SSD small enough for a CPU: people in SynSMOT's 320x192 images. The anchors are of
# those people: at least one overlaps 99.8 % of the boxes of val by half. Backbone and neck
# are centernet_tiny's, losses and suppression ssd_r34_fpn's.
_base_ = [
    '../../../../configs/_base_/detectors/centernet_tiny.py', './ssd_r34_fpn.py'
]
ssd_tiny = dict(
    type='MMDetDetector',
    score_threshold=0.05,
    channels_last=True,
    config=dict(
        model=dict(
            type='SingleStageDetector',
            data_preprocessor=_base_.centernet_tiny.config.model.data_preprocessor,
            backbone={
                **_base_.centernet_tiny.config.model.backbone, 'frozen_stages': 4
            },
            neck=_base_.centernet_tiny.config.model.neck,
            bbox_head=dict(
                type='SSDHead',
                num_classes=1,
                in_channels=(96, 96, 96),
                stacked_convs=1,
                feat_channels=64,
                norm_cfg=dict(type='GN', num_groups=8),
                act_cfg=dict(type='ReLU'),
                anchor_generator=dict(
                    type='AnchorGenerator',
                    strides=[8, 16, 32],
                    base_sizes=[28, 48, 72],
                    scales=[1.0, 1.3],
                    ratios=[2.2, 3.4],  # height over width
                    center_offset=0.5),
                bbox_coder=_base_.ssd_r34_fpn.bbox_head.bbox_coder),
            train_cfg=_base_.ssd_r34_fpn.train_cfg,
            test_cfg=_base_.ssd_r34_fpn.test_cfg),
        test_pipeline=_base_.centernet_tiny.config.test_pipeline))
