# What MLS-Track adds, for the tiny MOTR. The sentence is the mean of the learnt words.
mls_track_tiny = dict(
    guidance=dict(
        type='SemanticGuidance',
        channels=64,
        text_channels=128,
        num_heads=4,
        ffn_channels=256),
    refer_head=dict(
        type='SemanticCorrelation',
        channels=64,
        text_channels=128,
        num_layers=2,
        scale=20.0,
        bias=-0.6))  # a score of .35 at first: both move little in 2,000 iterations
track_groups = dict(type='TrackGroupDenoising', num_groups=3, noise=0.3)
