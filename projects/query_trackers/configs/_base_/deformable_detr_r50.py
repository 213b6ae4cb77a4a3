# Deformable DETR with ResNet-50 as the papers have it: d 256, 6 + 6 layers, 4 levels, box
# refinement; losses and costs 2 (class), 5 (L1), 2 (GIoU). Start from weights (--weights, or
# load_from what tools/convert_checkpoint.py makes of a released tracker): the stem and the
# first stage are frozen, and random without.
_r50_attention_ = dict(embed_dims=256, num_heads=8, batch_first=True)
_r50_deformable_ = dict(**_r50_attention_, num_levels=4, num_points=4, dropout=0.0)
_r50_ffn_ = dict(embed_dims=256, feedforward_channels=1024, ffn_drop=0.0)
deformable_detr_r50 = dict(
    type='MMDetDetector',
    score_threshold=0.1,
    config=dict(
        model=dict(
            type='DeformableDETR',
            num_queries=300,
            num_feature_levels=4,
            with_box_refine=True,
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                bgr_to_rgb=True,
                pad_size_divisor=1),
            backbone=dict(
                type='ResNet',
                depth=50,
                out_indices=(1, 2, 3),
                frozen_stages=1,
                norm_cfg=dict(type='BN', requires_grad=False),
                norm_eval=True,
                style='pytorch'),
            neck=dict(
                type='ChannelMapper',
                in_channels=[512, 1024, 2048],
                kernel_size=1,
                out_channels=256,
                bias=True,
                act_cfg=None,
                norm_cfg=dict(type='GN', num_groups=32),
                num_outs=4),
            encoder=dict(
                num_layers=6,
                layer_cfg=dict(self_attn_cfg=_r50_deformable_, ffn_cfg=_r50_ffn_)),
            decoder=dict(
                num_layers=6,
                return_intermediate=True,
                post_norm_cfg=None,
                layer_cfg=dict(
                    self_attn_cfg=dict(**_r50_attention_, dropout=0.0),
                    cross_attn_cfg=_r50_deformable_,
                    ffn_cfg=_r50_ffn_)),
            positional_encoding=dict(num_feats=128, normalize=True, offset=-0.5),
            bbox_head=dict(
                type='DeformableDETRHead',
                num_classes=1,
                embed_dims=256,
                loss_cls=dict(
                    type='FocalLoss',
                    use_sigmoid=True,
                    gamma=2.0,
                    alpha=0.25,
                    loss_weight=2.0),
                loss_bbox=dict(type='L1Loss', loss_weight=5.0),
                loss_iou=dict(type='GIoULoss', loss_weight=2.0)),
            train_cfg=dict(
                assigner=dict(
                    type='HungarianAssigner',
                    match_costs=[
                        dict(type='FocalLossCost', weight=2.0),
                        dict(type='BBoxL1Cost', weight=5.0, box_format='xywh'),
                        dict(type='IoUCost', iou_mode='giou', weight=2.0)
                    ])),
            test_cfg=dict(max_per_img=300)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(1536, 800), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
