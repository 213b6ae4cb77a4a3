# 250 iterations of 5 images, each of another video of SynSMOT large.
tracktor_schedule = dict(
    train_dataloader=dict(
        batch_size=5,
        num_workers=0,
        persistent_workers=False,
        sampler=dict(type='InfiniteSampler', shuffle=True),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/SynSMOT',
            split='train',
            num_frames=1,
            run_length='video',
            pipeline=[dict(type='PackClip')])),
    param_scheduler=[
        dict(type='CosineAnnealingLR', by_epoch=False, end=250, eta_min=1e-5)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=250))
