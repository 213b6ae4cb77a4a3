# Semantics alone, behind a frozen detector, whose features are computed once and cached.
# With 8 clips a batch, 400 iterations an epoch of SynSMOT large.
synsmot_words = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=5e-2),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=100,
            end=6000,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=15),
    custom_hooks=[dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')])
