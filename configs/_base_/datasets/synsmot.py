# SynSMOT (tools/dataset_converters/make_synsmot.py --size small --out data/SynSMOT), in
# BenSMOT's layout, 320x192 at 8 frames a second. Its captions say left and right: no flip.
synsmot = dict(
    train=dict(
        batch_size=1,
        num_workers=2,
        persistent_workers=True,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/SynSMOT',
            split='train',
            num_frames=12,  # from all over the video
            run_length='video',
            pipeline=[dict(type='PackClip')])),
    val=dict(  # to choose thresholds and checkpoints on; never on test
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/SynSMOT',
            split='val',
            test_mode=True)),
    test=dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='BenSMOTDataset',
            data_root='data/SynSMOT',
            split='test',
            test_mode=True)))
