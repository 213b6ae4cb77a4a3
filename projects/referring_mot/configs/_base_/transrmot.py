# Wu et al., TransRMOT, CVPR 2023: the text of its MOTR. Detection 2 (class), 5 (L1), 2 (GIoU).
transrmot = dict(
    type='ReferHook',
    text_encoder=dict(type='TransformersTextEncoder', name='roberta-base'),
    fusion=dict(
        type='EarlyFusion', channels=256, text_channels=768, num_heads=8),
    refer_head=dict(type='LinearReferHead', channels=256, num_layers=6),
    refer_threshold=0.5,  # beta_ref
    loss_weight=2.0)  # lambda_ref
