# A schedule that a CPU can afford: clips of all 400 videos, 4 at a time, 100 iterations an
# epoch; detection alone at first, then everything end to end.
synsmot_cpu = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=8e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=100,
            end=2000,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=20),
    custom_hooks=[
        dict(type='TrainTokenizerHook'),
        dict(type='CheckInvalidLossHook'),
        dict(type='SemanticLossStartHook', iteration=600)  # semantic_start_iter
    ])
