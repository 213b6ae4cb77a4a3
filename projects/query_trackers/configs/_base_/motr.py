# Zeng et al., MOTR, ECCV 2022.
motr = dict(
    type='QueryTracker',
    query_init=dict(type='LearnedQueries2D'),
    updater=dict(
        type='QIM',
        channels=256,
        num_heads=8,
        ffn_channels=1024,
        drop_ratio=0.1,  # p_drop
        false_positive_ratio=0.3),  # p_insert
    assigner=dict(type='TALA'),
    lifecycle=dict(
        type='ScoreStates',
        birth_threshold=0.7,  # tau_en
        keep_threshold=0.6,  # tau_ex
        miss_tolerance=5,  # M
        report_threshold=0.7),  # of eval.py (8690da3), which also leaves out areas <= 100
    clip_loss=dict(type='ClipLoss', over='collective'),
    track_attention=True)
