# Any folder of sequences in MOTChallenge's layout, one video a sample.
mot_challenge = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='MOTChallengeDataset', data_root='data/MOT17/train', test_mode=True))
