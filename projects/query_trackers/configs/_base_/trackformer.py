# Meinhardt et al., TrackFormer, CVPR 2022. Its assignment is the rule that MOTR calls TALA.
trackformer = dict(
    type='QueryTracker',
    query_init=dict(type='LearnedQueries2D'),
    updater=dict(type='CopyUpdater', false_positive_ratio=0.1),  # p_FP
    assigner=dict(type='TALA'),
    lifecycle=dict(
        type='ScoreStates',
        birth_threshold=0.4,  # sigma_object
        keep_threshold=0.4,  # sigma_track
        miss_tolerance=1,
        track_nms=0.9,  # sigma_NMS
        birth_nms=0.9),
    clip_loss=dict(type='ClipLoss', over='last_frame', through_time=False))
