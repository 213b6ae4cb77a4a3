# CenterNet2's proposal stage alone, one class, on DLA-34 and BiFPN: SMOTer's detector. Values
# are the released code's. Two towers of plain convolutions are mmdet's; the release's one tower
# stands in centernet2_released.py. Group norms keep no statistics of a batch; they are ours.
# Weights to start from: --weights FILE.
centernet2_dla34 = dict(
    type='MMDetDetector',
    score_threshold=0.3,  # tau_p
    score_power=0.5,  # CenterNet2's score is the square root of the heat map
    config=dict(
        model=dict(
            type='CenterNet',
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[103.53, 116.28, 123.675],
                std=[57.375, 57.12, 58.395],
                pad_size_divisor=128),
            backbone=dict(
                type='mmsmot.DLA',
                out_indices=(3, 4, 5),  # dla3, dla4, dla5
                with_cp=False,
                norm_cfg=dict(type='GN', num_groups=8)),
            neck=dict(
                type='mmsmot.BiFPN',
                in_channels=[128, 256, 512],
                out_channels=160,
                num_layers=3,
                num_outs=5,  # p3 to p7
                norm_cfg=dict(type='GN', num_groups=16)),
            bbox_head=dict(
                type='CenterNetUpdateHead',
                num_classes=1,  # a person, or no class at all
                in_channels=160,
                feat_channels=160,
                stacked_convs=4,
                dcn_on_last_conv=False,
                strides=[8, 16, 32, 64, 128],
                regress_ranges=((0, 80), (64, 160), (128, 320), (256, 640), (512, 1e8)),
                hm_min_overlap=0.8,
                hm_min_radius=4,
                loss_cls=dict(
                    type='GaussianFocalLoss',
                    alpha=2.0,  # gamma of the focal loss
                    gamma=4.0,  # beta
                    pos_weight=0.125,  # 0.5 times alpha = 0.25
                    neg_weight=0.375),  # 0.5 times 1 - alpha
                loss_bbox=dict(type='GIoULoss', loss_weight=1.0)),
            test_cfg=dict(
                nms_pre=1000,
                min_bbox_size=0,
                score_thr=1e-4,
                nms=dict(type='nms', iou_threshold=0.6),
                max_per_img=128)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(1280, 1280), keep_ratio=True),
            dict(type='PackDetInputs', meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
