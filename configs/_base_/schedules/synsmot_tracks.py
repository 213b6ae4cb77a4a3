# Semantics alone, along the tracks of a tracker, which were written beforehand; on a
# thousand clips of all kinds. With 8 of them a batch, 125 iterations an epoch.
synsmot_tracks = dict(
    training=dict(
        type='ClipTraining',
        freeze=True,
        feature_cache='work_dirs/synsmot_features'),
    train_dataloader=dict(
        batch_size=8,
        dataset=dict(num_frames=8, stride=2, sequences=['*/000*'])),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=3e-4, weight_decay=5e-2),
        clip_grad=dict(max_norm=5.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=25),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=25,
            end=375,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=3),
    custom_hooks=[dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')])
