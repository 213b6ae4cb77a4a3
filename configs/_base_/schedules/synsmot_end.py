# End to end at last, gently with the words. With 4 clips a batch, 800 iterations an epoch
# of SynSMOT large.
synsmot_end = dict(
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
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=1),
    custom_hooks=[dict(type='LearnWords'), dict(type='StopAtNaN')])
