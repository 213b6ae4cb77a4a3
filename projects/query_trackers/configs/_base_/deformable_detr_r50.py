# Deformable DETR with ResNet-50 as the papers have it: d 256, 6 + 6 layers, 4 levels. The
# backbone begins with ImageNet's weights, stem and first stage frozen; the papers begin with
# all of a detector of COCO: --cfg-options load_from=... with what
# tools/convert_checkpoint.py --detector makes of one.
_base_ = './deformable_detr.py'
_r50_attention_ = dict(embed_dims=256, num_heads=8)
_r50_deformable_ = dict(**_r50_attention_, num_levels=4)
_r50_ffn_ = dict(embed_dims=256, feedforward_channels=1024)
_r50_pipeline_ = [
    dict(step, scale=(1536, 800)) if step['type'] == 'Resize' else step
    for step in _base_.deformable_detr.config.test_pipeline
]
deformable_detr = dict(
    config=dict(
        model=dict(
            num_queries=300,
            num_feature_levels=4,
            data_preprocessor=dict(
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                bgr_to_rgb=True,
                pad_size_divisor=1),
            backbone=dict(
                _delete_=True,
                type='ResNet',
                depth=50,
                out_indices=(1, 2, 3),
                frozen_stages=1,
                norm_cfg=dict(type='BN', requires_grad=False),
                norm_eval=True,
                init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
                style='pytorch'),
            neck=dict(
                in_channels=[512, 1024, 2048],
                out_channels=256,
                bias=True,
                norm_cfg=dict(num_groups=32),
                num_outs=4),
            encoder=dict(
                num_layers=6,
                layer_cfg=dict(self_attn_cfg=_r50_deformable_, ffn_cfg=_r50_ffn_)),
            decoder=dict(
                num_layers=6,
                layer_cfg=dict(
                    self_attn_cfg=_r50_attention_,
                    cross_attn_cfg=_r50_deformable_,
                    ffn_cfg=_r50_ffn_)),
            positional_encoding=dict(num_feats=128),
            bbox_head=dict(embed_dims=256),
            test_cfg=dict(max_per_img=300)),
        test_pipeline=_r50_pipeline_))
