# An SSD small enough for a CPU: people in SynSMOT's 320x192 images. The anchors are of
# those people: at least one overlaps 99.7 % of the boxes of val by half.
ssd_tiny = dict(
    type='MMDetDetector',
    score_threshold=0.05,
    channels_last=True,
    config=dict(
        model=dict(
            type='SingleStageDetector',
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[114.0, 114.0, 114.0],
                std=[58.0, 58.0, 58.0],
                pad_size_divisor=32),
            backbone=dict(
                type='ResNet',
                depth=18,
                base_channels=24,
                frozen_stages=4,
                norm_cfg=dict(type='GN', num_groups=8),
                norm_eval=False),
            neck=dict(
                type='FPN',
                in_channels=[24, 48, 96, 192],
                out_channels=96,
                start_level=1,
                num_outs=3),
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
                bbox_coder=dict(
                    type='DeltaXYWHBBoxCoder', target_stds=[0.1, 0.1, 0.2, 0.2])),
            train_cfg=dict(
                assigner=dict(
                    type='MaxIoUAssigner',
                    pos_iou_thr=0.5,
                    neg_iou_thr=0.5,
                    min_pos_iou=0.0,
                    gt_max_assign_all=False),
                smoothl1_beta=1.0,
                allowed_border=-1,
                pos_weight=-1,
                neg_pos_ratio=3,
                debug=False),
            test_cfg=dict(
                nms_pre=400,
                score_thr=0.02,
                nms=dict(type='nms', iou_threshold=0.45),
                max_per_img=100)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(320, 192), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
