# Sun et al., TransTrack: Multiple Object Tracking with Transformer, 2020. Position
# embeddings are used for reference points alone, as in the released code.
transtrack = dict(
    type='QueryTracker',
    query_init=dict(type='LearnedQueries2D', with_pos=False),
    updater=dict(type='PreviousOutput'),
    assigner=dict(type='SetAssigner'),
    lifecycle=dict(
        type='GIoUMatching', score_threshold=0.4, max_cost=1.2, max_age=32),
    clip_loss=dict(type='ClipLoss', over='last_frame', through_time=False),
    track_decoder=True,
    combine_previous=True)
