# SMOTer's fusion and heads, 128 wide; tokens know when and where they are.
smoter_tiny = dict(
    type='TrajectorySemantics',
    roi=dict(type='RoITokens', in_channels=96, channels=128),
    trajectory_fusion=dict(
        type='ConcatTrajectoryFusion',
        channels=128,
        num_heads=4,
        ffn_channels=256,
        num_layers=2,
        encoding=dict(type='TokenEncoding', channels=128)),
    video_fusion=dict(
        type='VideoFusion',
        cell=dict(
            type='AttentionCell', channels=128, num_heads=4, ffn_channels=256),
        in_channels=96,
        channels=128,
        grid=(4, 6),
        position=True),
    instance_caption=dict(
        type='InstanceCaptionHead',
        channels=128,
        decoder=dict(
            type='TextDecoder',
            tokenizer=dict(type='CaptionTokenizer', vocab_size=768),
            config=dict(
                model_type='bert',
                hidden_size=192,
                num_hidden_layers=3,
                num_attention_heads=4,
                intermediate_size=512,
                max_position_embeddings=512),
            max_length=64)),
    video_caption=dict(
        type='VideoCaptionHead',
        channels=128,
        decoder=None,
        injection='joint',
        num_heads=4,
        ffn_channels=256),
    interaction=dict(
        type='InteractionHead',
        channels=128,
        pooled_tokens=1,
        hidden=(256, ),
        num_heads=4,
        ffn_channels=256,
        normalizer='positives'),
    share_decoder=True,
    max_boxes=16,
    frame_stride=2,
    trained_on='SynSMOT')
