# 2,000 iterations: of a tracker 10 epochs of 200 on SynSMOT small, of 2 clips of
# neighbouring frames, from the weights of the shared detector.
synsmot_2k = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=1.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=50,
            end=2000,
            eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=10),
    custom_hooks=[dict(type='CheckInvalidLossHook')],
    load_from='work_dirs/deformable-detr_tiny_synsmot/epoch_20.pth')
