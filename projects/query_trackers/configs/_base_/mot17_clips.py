# Clips of MOT17 as MOTR draws them: 2 frames, at most 10 apart, mirrored, scaled and cut.
mot17_clips = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=False,  # ClipLengthSchedule changes the dataset
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MOTChallengeDataset',
        data_root='data/MOT17/train',
        sequences=['*-FRCNN'],
        num_frames=2,
        run_length=11,
        pipeline=[
            dict(type='ClipRandomFlip'),
            dict(type='ClipRandomCrop', scale=(0.6, 1.0)),
            dict(type='ClipResize', size=(1536, 800), ratio_range=(0.6, 1.0)),
            dict(type='PackClip')
        ]))
