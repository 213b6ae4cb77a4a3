# BenSMOT as it is distributed: clips of 8 frames to train on (about 4 seconds), a whole
# video a sample to test on. No flip: captions may say left and right.
bensmot = dict(
    train=dict(
        batch_size=1,
        num_workers=2,
        persistent_workers=True,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/BenSMOT',
            split='train',
            num_frames=8,
            pipeline=[
                dict(type='ClipResize', size=(1280, 1280)),
                dict(type='PackClip')])),
    test=dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/BenSMOT',
            split='test',
            test_mode=True)))
