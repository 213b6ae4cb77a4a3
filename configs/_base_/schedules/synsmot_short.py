# Semantics alone, from nothing, behind a frozen detector: what a cell of an ablation can
# afford. With 8 clips a batch, 7.5 epochs of SynSMOT small.
synsmot_short = dict(
    sampler=dict(type='InfiniteSampler', shuffle=True),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=5e-2),
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
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=375),
    custom_hooks=[dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')],
    default_hooks=dict(
        checkpoint=dict(by_epoch=False, interval=375, max_keep_ckpts=1)),
    log_processor=dict(window_size=25, by_epoch=False))
