# SemTracker on the features of the tiny detector: what a CPU can train.
semtracker_tiny = dict(
    type='SemTracker',
    num_search_frames=6,
    shared=dict(type='SharedFeatures', in_channels=108, channels=96),
    tracking=dict(
        type='TargetTransformer',
        channels=96,
        heads=4,
        layers=2,
        template_grid=5,
        search_grid=12),
    context=dict(
        type='SceneContext', target_grid=(3, 2), around_grid=7, scene_grid=(3, 5)),
    text_matcher=dict(type='TextMatcher', channels=96, tokens=6))
