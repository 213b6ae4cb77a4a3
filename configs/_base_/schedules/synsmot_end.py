# End to end, with a low learning rate for the semantics. With 4 clips a batch, all of SynSMOT large.
synsmot_end = dict(
    sampler=dict(type='InfiniteSampler', shuffle=True),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=3e-4, weight_decay=1e-2),
        paramwise_cfg=dict(
            bypass_duplicate=True, custom_keys=dict(detector=dict(lr_mult=2.0))),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=50,
            end=800,
            eta_min=1e-6)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=800),
    custom_hooks=[dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')],
    default_hooks=dict(
        checkpoint=dict(by_epoch=False, interval=200, max_keep_ckpts=2)),
    log_processor=dict(window_size=50, by_epoch=False))
