# A Faster R-CNN on the backbone of ssd_tiny, with its anchors.
faster_rcnn_tiny = dict(
    type='MMDetDetector',
    score_threshold=0.05,
    channels_last=True,
    config=dict(
        model=dict(
            type='FasterRCNN',
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
            rpn_head=dict(
                type='RPNHead',
                in_channels=96,
                feat_channels=64,
                anchor_generator=dict(
                    type='AnchorGenerator',
                    strides=[8, 16, 32],
                    base_sizes=[28, 48, 72],
                    scales=[1.0, 1.3],
                    ratios=[2.2, 3.4],
                    center_offset=0.5),
                bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
                loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True),
                loss_bbox=dict(type='SmoothL1Loss', beta=0.1)),
            roi_head=dict(
                type='StandardRoIHead',
                bbox_roi_extractor=dict(
                    type='SingleRoIExtractor',
                    roi_layer=dict(type='RoIAlign', output_size=5, sampling_ratio=2),
                    out_channels=96,
                    featmap_strides=[8, 16, 32],
                    finest_scale=40),
                bbox_head=dict(
                    type='Shared2FCBBoxHead',
                    in_channels=96,
                    fc_out_channels=192,
                    roi_feat_size=5,
                    num_classes=1,
                    bbox_coder=dict(
                        type='DeltaXYWHBBoxCoder', target_stds=[0.1, 0.1, 0.2, 0.2]),
                    loss_cls=dict(type='CrossEntropyLoss'),
                    loss_bbox=dict(type='SmoothL1Loss', beta=1.0))),
            train_cfg=dict(
                rpn=dict(
                    assigner=dict(
                        type='MaxIoUAssigner',
                        pos_iou_thr=0.6,
                        neg_iou_thr=0.4,
                        min_pos_iou=0.4,
                        match_low_quality=True),
                    sampler=dict(
                        type='RandomSampler',
                        num=128,
                        pos_fraction=0.5,
                        neg_pos_ub=-1,
                        add_gt_as_proposals=False),
                    allowed_border=-1,
                    pos_weight=-1,
                    debug=False),
                rpn_proposal=dict(
                    nms_pre=300,
                    max_per_img=100,
                    nms=dict(type='nms', iou_threshold=0.7),
                    min_bbox_size=0),
                rcnn=dict(
                    assigner=dict(
                        type='MaxIoUAssigner',
                        pos_iou_thr=0.5,
                        neg_iou_thr=0.5,
                        min_pos_iou=0.5),
                    sampler=dict(
                        type='RandomSampler',
                        num=64,
                        pos_fraction=0.25,
                        neg_pos_ub=-1,
                        add_gt_as_proposals=True),
                    pos_weight=-1,
                    debug=False)),
            test_cfg=dict(
                rpn=dict(
                    nms_pre=200,
                    max_per_img=50,
                    nms=dict(type='nms', iou_threshold=0.7),
                    min_bbox_size=0),
                rcnn=dict(
                    score_thr=0.05,
                    nms=dict(type='nms', iou_threshold=0.5),
                    max_per_img=50))),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(320, 192), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
