# The paper's schedule: 4 GPUs, a video each.
smoter_70k = dict(
    sampler=dict(type='InfiniteSampler', shuffle=True),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),  # released: 5e-5
        paramwise_cfg=dict(
            bypass_duplicate=True,  # the decoder's embeddings are its last layer too
            custom_keys={'detector.model.backbone': dict(lr_mult=0.1)}),
        clip_grad=dict(max_norm=0.1)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=1000),
        dict(
            type='CosineAnnealingLR', by_epoch=False, begin=1000, end=70000)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=70000),
    custom_hooks=[
        dict(type='TrainTokenizerHook'),
        dict(type='SemanticLossStartHook', iteration=20000),  # semantic_start_iter
        dict(type='CheckInvalidLossHook')
    ],
    default_hooks=dict(
        checkpoint=dict(by_epoch=False, interval=2500, max_keep_ckpts=2)),
    log_processor=dict(window_size=50, by_epoch=False))
