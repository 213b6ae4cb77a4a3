# Zhang et al., MOTRv2, CVPR 2023.
motrv2 = dict(
    type='QueryTracker',
    query_init=dict(type='ProposalQueries', channels=256, num_queries=10),
    updater=dict(type='QIMv2', channels=256, num_heads=8, ffn_channels=1024),
    assigner=dict(type='TALA'),
    lifecycle=dict(
        type='ScoreStates',  # submit_dance.py, over the defaults .6, .5, 10 of its class
        birth_threshold=0.5,
        keep_threshold=0.5,
        miss_tolerance=20),
    clip_loss=dict(type='ClipLoss', over='collective'),
    sine_pos=True,
    denoising=dict(type='BoxDenoising', channels=256, noise=0.05))  # lambda
