# SMOTer's fusion and heads, 128 wide; tokens have time and place encodings, and
# tracks attend to each other. 7x7 RoI pooling, as released.
_attention_ = dict(channels=128, num_heads=4, ffn_channels=256, dropout=0.1)
smoter_tiny = dict(
    type='TrajectorySemantics',
    roi=dict(
        type='RoITokens',
        in_channels=108,
        channels=128,
        grid=7, samples=1, hidden=256, norm=True, cells=True, dropout=0.2,
        crop=dict(type='CropTokens', channels=128, dropout=0.2)),
    trajectory_fusion=dict(
        type='ConcatTrajectoryFusion',
        **_attention_,
        num_layers=2,
        summary=True,
        encoding=dict(type='TokenEncoding', channels=128)),
    video_fusion=dict(
        type='VideoFusion',
        cell=dict(type='AttentionCell', **_attention_),
        in_channels=108,  # 96 and 12 of rgb_cells
        channels=128,
        grid=(4, 6),
        position=True),
    cross_track_attention=dict(type='CrossTrackAttention', **_attention_),
    bigram_head=dict(type='BigramHead', channels=128),
    interaction_tokens=dict(type='InteractionTokens', channels=128),
    instance_caption=dict(
        type='InstanceCaptionHead',
        channels=128,
        decoder=dict(
            type='TextDecoder',
            tokenizer=dict(type='CaptionTokenizer', vocab_size=768),
            config=dict(
                model_type='gpt2',
                n_embd=192,
                n_layer=3,
                n_head=4,
                n_inner=512,
                n_positions=256,
                embd_pdrop=0.1,
                attn_pdrop=0.1,
                resid_pdrop=0.1),
            max_length=64,
            num_beams=3,
            batch_size=16)),
    video_caption=dict(
        type='VideoCaptionHead',
        decoder=None,
        injection='joint', **_attention_),
    interaction=dict(
        type='InteractionHead',
        pooled_tokens=1, hidden=(256, ),
        threshold=0.7,
        normalizer='positives',
        **_attention_),
    share_decoder=True,
    max_boxes=8,
    frame_stride=2,
    trained_on='SynSMOT')
