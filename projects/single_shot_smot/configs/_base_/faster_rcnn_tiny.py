# A Faster R-CNN on backbone and neck of ssd_tiny, with its anchors.
_base_ = ['./ssd_tiny.py']
faster_rcnn_tiny = dict(
    type='MMDetDetector',
    score_threshold=0.05,
    channels_last=True,
    config=dict(
        model=dict(
            type='FasterRCNN',
            data_preprocessor=_base_.ssd_tiny.config.model.data_preprocessor,
            backbone=_base_.ssd_tiny.config.model.backbone,
            neck=_base_.ssd_tiny.config.model.neck,
            rpn_head=dict(
                type='RPNHead',
                in_channels=96,
                feat_channels=64,
                anchor_generator=_base_.ssd_tiny.config.model.bbox_head.anchor_generator,
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
                    bbox_coder=_base_.ssd_tiny.config.model.bbox_head.bbox_coder,
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
        test_pipeline=_base_.ssd_tiny.config.test_pipeline))
