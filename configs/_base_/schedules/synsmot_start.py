# End to end from the first iteration. With 10 clips a batch, 320 iterations an epoch of
# SynSMOT large.
synsmot_start = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-2),
        paramwise_cfg=dict(
            bypass_duplicate=True, custom_keys=dict(detector=dict(lr_mult=0.6))),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=100,
            end=1600,
            eta_min=5e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=5),
    custom_hooks=[dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')])
