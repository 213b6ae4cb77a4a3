# The paper's detector: an SSD on ResNet-34 and FPN (section 6.1). The paper gives no
# anchors; these are RetinaNet's sizes, two an octave, in the shapes of people.
ssd_r34_fpn = dict(
    type='SingleStageDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        type='ResNet',
        depth=34,
        frozen_stages=1,
        norm_cfg=dict(type='BN'),
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet34')),
    neck=dict(
        type='FPN',
        in_channels=[64, 128, 256, 512],
        out_channels=256,
        start_level=1,
        add_extra_convs='on_input',
        num_outs=5),
    bbox_head=dict(
        type='SSDHead',
        num_classes=1,
        in_channels=(256, ) * 5,
        stacked_convs=1,
        act_cfg=dict(type='ReLU'),
        anchor_generator=dict(
            type='AnchorGenerator',
            strides=[8, 16, 32, 64, 128],
            octave_base_scale=3,
            scales_per_octave=2,
            ratios=[1.0, 2.5],  # height over width
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
        max_per_img=100))
