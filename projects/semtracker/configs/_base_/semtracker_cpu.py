# 12,000 iterations of four clips of 24 frames; the detector is frozen, its maps are cached.
semtracker_cpu = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=200),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=200,
            end=12000,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=12000),
    custom_hooks=[dict(type='CheckInvalidLossHook')],
    default_hooks=dict(
        logger=dict(type='LoggerHook', interval=50),
        checkpoint=dict(
            type='CheckpointHook', by_epoch=False, interval=500, max_keep_ckpts=3)))
