# 12,000 iterations of 14 images: two of each training half of MOT17.
mot17_training = dict(
    test_pipeline=[
        dict(type='LoadImageFromNDArray'),
        dict(type='Resize', scale=(1024, 1024), keep_ratio=True),
        dict(
            type='PackDetInputs',
            meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'))
    ],
    train_dataloader=dict(
        batch_size=7,  # each sequence once
        num_workers=4,
        persistent_workers=True,
        sampler=dict(type='InfiniteSampler', shuffle=True),
        dataset=dict(
            type='MOTChallengeDataset',
            data_root='data/MOT17/train',
            sequences=['*-FRCNN'],
            split='train_half',
            num_frames=2,
            run_length=60,
            pipeline=[
                dict(type='ClipRandomFlip', prob=0.5),
                dict(type='ClipRandomCrop', scale=(0.5, 1.0)),
                dict(type='PackClip')
            ])),
    test_dataloader=dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='MOTChallengeDataset',
            data_root='data/MOT17/train',
            sequences=['*-FRCNN'],
            split='val_half',  # the frames that are not trained on
            test_mode=True)),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=2e-3, momentum=0.9, weight_decay=1e-4),
        clip_grad=dict(max_norm=10.0)),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=500),
        dict(type='MultiStepLR', by_epoch=False, milestones=[8000, 11000], gamma=0.1)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=12000))
