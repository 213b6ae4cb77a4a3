# The released SMOTer's detector, weight by weight: CenterNet2's proposal stage on DLA-34 and
# BiFPN, of GTR's CrowdHuman detector. Its own weights and the released ones come by
# tools/model_converters/smoter_released.py. Boxes may reach out of the image.
_load_ = dict(type='LoadImageFromNDArray')
_pack_ = dict(
    type='PackDetInputs', meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
centernet2_released = dict(
    type='MMDetDetector',
    score_threshold=0.55,
    train_score_threshold=0.3,
    train_pipeline=[  # of the size that the clips have, 1280
        _load_, dict(type='Resize', scale_factor=1.0), _pack_
    ],
    score_power=0.5,  # CenterNet2's score is the square root of the heat map
    config=dict(
        model=dict(
            type='CenterNet',
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                bgr_to_rgb=True,
                pad_size_divisor=128),
            backbone=dict(
                type='mmsmot.DLA',
                out_indices=(3, 4, 5),  # dla3, dla4, dla5
                norm_cfg=dict(type='BN'),
                norm_eval=True),
            neck=dict(
                type='mmsmot.BiFPN',
                in_channels=[128, 256, 512],
                out_channels=160,
                num_layers=3,
                num_outs=5,  # p3 to p7
                separable=False,
                pool=2,
                lateral='node',
                norm_cfg=dict(type='GN', num_groups=32)),
            bbox_head=dict(
                type='mmsmot.CenterNetProposalHead',
                in_channels=160,
                num_convs=4,
                deformable=True,  # the last one
                strides=[8, 16, 32, 64, 128],
                regress_ranges=((0, 80), (64, 160), (128, 320), (256, 640), (512, 1e7)),
                hm_min_overlap=0.8,
                hm_min_radius=4,
                alpha=0.25,  # of the focal loss
                beta=4.0,
                gamma=2.0,
                pos_weight=0.5,
                neg_weight=0.5),
            test_cfg=dict(
                score_thr=1e-4,
                nms_pre=1000,
                nms=dict(iou_threshold=0.6),
                max_per_img=128)),
        test_pipeline=[_load_, dict(type='mmsmot.FitToSquare', size=1560), _pack_]))
