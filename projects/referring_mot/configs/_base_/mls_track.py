# Ma et al., MLS-Track, 2024: what it adds to TransRMOT.
mls_track = dict(
    guidance=dict(  # SGM
        type='SemanticGuidance',
        channels=256,
        text_channels=768,
        num_heads=8,
        ffn_channels=1024),
    sentence_encoder=dict(  # Encoder_clip
        type='TransformersTextEncoder',
        name='openai/clip-vit-large-patch14',
        kind='clip'),
    refer_head=dict(  # SCB
        type='SemanticCorrelation',
        channels=256,
        text_channels=768,
        num_layers=6))
track_groups = dict(type='TrackGroupDenoising', num_groups=3, noise=0.3)
