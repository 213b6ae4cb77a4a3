# Clips of MOT17: mirrored, scaled and cut. An epoch draws 760 clips of each of the 7
# sequences, one for each of their 5,316 frames, as the releases do.
mot17_clips = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=False,  # ClipLengthSchedule changes the dataset
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=760,
        dataset=dict(
            type='MOTChallengeDataset',
            data_root='data/MOT17/train',
            sequences=['*-FRCNN'],
            num_frames=2,
            run_length=11,
            pipeline=[
                dict(type='ClipRandomFlip'),
                dict(type='ClipRandomCrop', scale=(0.6, 1.0)),
                dict(type='PackClip')
            ])))
