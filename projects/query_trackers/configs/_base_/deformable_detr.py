# A Deformable DETR small enough for a CPU: people in SynSMOT's 320x192 images, d 64,
# 2 + 2 layers, 50 queries, strides 8, 16 and 32. Needs no compiled operator. As the papers
# have it: box refinement; losses and costs 2 (class), 5 (L1), 2 (GIoU).
_detr_attention_ = dict(embed_dims=64, num_heads=4, batch_first=True)
_detr_deformable_ = dict(**_detr_attention_, num_levels=3, num_points=4, dropout=0.0)
_detr_ffn_ = dict(embed_dims=64, feedforward_channels=256, ffn_drop=0.0)
deformable_detr = dict(
    type='MMDetDetector',
    score_threshold=0.1,
    config=dict(
        model=dict(
            type='DeformableDETR',
            num_queries=50,
            num_feature_levels=3,
            with_box_refine=True,
            data_preprocessor=dict(
                type='DetDataPreprocessor',
                mean=[114.0, 114.0, 114.0],
                std=[58.0, 58.0, 58.0],
                pad_size_divisor=32),
            backbone=dict(
                type='ResNet',
                depth=18,
                num_stages=3,
                strides=(1, 2, 2),
                dilations=(1, 1, 1),
                out_indices=(1, 2),
                base_channels=24,
                norm_cfg=dict(type='GN', num_groups=8),
                norm_eval=False),
            neck=dict(
                type='ChannelMapper',
                in_channels=[48, 96],
                kernel_size=1,
                out_channels=64,
                act_cfg=None,
                norm_cfg=dict(type='GN', num_groups=16),
                num_outs=3),
            encoder=dict(
                num_layers=2,
                layer_cfg=dict(self_attn_cfg=_detr_deformable_, ffn_cfg=_detr_ffn_)),
            decoder=dict(
                num_layers=2,
                return_intermediate=True,
                post_norm_cfg=None,
                layer_cfg=dict(
                    self_attn_cfg=dict(**_detr_attention_, dropout=0.0),
                    cross_attn_cfg=_detr_deformable_,
                    ffn_cfg=_detr_ffn_)),
            positional_encoding=dict(num_feats=32, normalize=True, offset=-0.5),
            bbox_head=dict(
                type='DeformableDETRHead',
                num_classes=1,
                embed_dims=64,
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
            test_cfg=dict(max_per_img=50)),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='Resize', scale=(320, 192), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
        ]))
