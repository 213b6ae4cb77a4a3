# The words alone, behind a detector that stays as it is: what it sees is computed once
# and kept, so an epoch takes a third of the time.
synsmot_words = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=50,
            end=1800,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=18),
    custom_hooks=[dict(type='LearnWords')])
