# SMOTer's fusion and heads at the paper's size, over maps of 160 channels. The tokenizer is
# trained on the captions; the paper's is bert-base-uncased, a download of as many:
# tokenizer=dict(type='PretrainedTokenizer', name='bert-base-uncased').
_decoder_ = dict(
    type='TextDecoder',
    tokenizer=dict(type='CaptionTokenizer', vocab_size=30522),
    config=dict(
        model_type='bert',
        hidden_size=768,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=3072,
        max_position_embeddings=1024),
    max_length=40,
    label_smoothing=0.1)
smoter = dict(
    type='TrajectorySemantics',
    roi=dict(type='RoITokens', in_channels=160, channels=256),  # 4 tokens, d = 256
    trajectory_fusion=dict(  # TFM, eq. 2
        type='ConcatTrajectoryFusion', channels=256, num_heads=8, ffn_channels=0),
    video_fusion=dict(  # VFM, eq. 1
        type='VideoFusion',
        cell=dict(
            type='AttentionCell', channels=256, num_heads=8, ffn_channels=1024),
        in_channels=160,
        channels=256,
        grid=(16, 16),
        tokens='space'),
    instance_caption=dict(  # Dec_Ins, eq. 4
        type='InstanceCaptionHead',
        channels=256,
        decoder=_decoder_),
    video_caption=dict(  # Dec_Vid, eq. 3
        type='VideoCaptionHead',
        channels=256,
        injection='sequential',
        decoder=_decoder_),
    interaction=dict(  # eq. 5
        type='InteractionHead',
        channels=256,
        pooled_tokens=128,
        hidden=(2048, 2048),
        gamma=2.0,
        threshold=0.4),
    max_boxes=246)  # 4 tokens each and a caption fill the decoder's 1024 positions
