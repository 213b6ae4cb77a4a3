# The same proposal stage on ResNet-50 and FPN. Starts from ImageNet's weights, a download;
# without a network: --cfg-options model.detector.config.model.backbone.init_cfg=None
centernet2_r50 = dict(
    type='MMDetDetector',
    score_threshold=0.3,  # tau_p
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
                type='ResNet',
                depth=50,
                frozen_stages=1,
                with_cp=False,
                norm_cfg=dict(type='BN', requires_grad=False),
                norm_eval=True,
                init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
            neck=dict(
                type='FPN',
                in_channels=[256, 512, 1024, 2048],
                out_channels=256,
                start_level=1,
                add_extra_convs='on_output',
                num_outs=5,  # p3 to p7
                relu_before_extra_convs=True),
            bbox_head=dict(
                type='CenterNetUpdateHead',
                num_classes=1,
                in_channels=256,
                strides=[8, 16, 32, 64, 128],
                regress_ranges=((0, 80), (64, 160), (128, 320), (256, 640), (512, 1e8)),
                loss_cls=dict(
                    type='GaussianFocalLoss',
                    pos_weight=0.125,  # 0.5 times alpha = 0.25
                    neg_weight=0.375),
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
