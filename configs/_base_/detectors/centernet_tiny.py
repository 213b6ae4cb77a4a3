# A CenterNet2 proposal stage small enough for a CPU: people in SynSMOT's 320x192 images.
# Needs no compiled operator. Group norms: one process trains as two do.
centernet_tiny = dict(
    type='MMDetDetector',
    score_threshold=0.1,
    channels_last=True,
    rgb_cells=2,
    embedder=dict(type='PartPooling', groups=(96, 12)),  # features, colours
    config=dict(
        model=dict(
            type='CenterNet',
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[114.0, 114.0, 114.0],
                std=[58.0, 58.0, 58.0],
                pad_size_divisor=32),
            backbone=dict(
                type='ResNet',
                depth=18,
                base_channels=24,
                norm_cfg=dict(type='GN', num_groups=8),
                norm_eval=False),
            neck=dict(
                type='FPN',
                in_channels=[24, 48, 96, 192],
                out_channels=96,
                start_level=1,
                num_outs=3),
            bbox_head=dict(
                type='CenterNetUpdateHead',
                num_classes=1,
                in_channels=96,
                feat_channels=64,
                stacked_convs=2,
                strides=[8, 16, 32],
                regress_ranges=((0, 64), (48, 128), (96, 1e8)),
                norm_cfg=dict(type='GN', num_groups=8)),
            test_cfg=dict(
                nms_pre=200,
                min_bbox_size=0,
                score_thr=0.05,
                nms=dict(type='nms', iou_threshold=0.6),
                max_per_img=50)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(320, 192), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
