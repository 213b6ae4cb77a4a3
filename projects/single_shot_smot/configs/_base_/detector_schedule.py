# Detection alone on SynSMOT large: two frames of each of 5 videos, 640 iterations an epoch.
# Backbone and neck are those of the tiny SMOTer, which are trained on its train split; the
# backbone stays as it is, and neck and heads are trained in minutes.
detector_schedule = dict(
    load_from='mmsmot/weights/smoter_tiny_synsmot.safetensors',
    train_dataloader=dict(
        batch_size=5,
        num_workers=0,
        persistent_workers=False,
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/SynSMOT',
            split='train',
            num_frames=2,
            run_length='video',
            pipeline=[dict(type='PackClip')])),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-2),
        clip_grad=dict(max_norm=10.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
        dict(
            type='CosineAnnealingLR', by_epoch=False, begin=50, end=1280, eta_min=1e-5)
    ],
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=2),
    custom_hooks=[dict(type='CheckInvalidLossHook')])
