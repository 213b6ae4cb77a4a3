# SMOTer's fusion and heads as the release has them (Nathan-Li123/SMOTer), so that its weights
# run here: tools/model_converters/smoter_released.py, docs/released_smoter.md. The tokenizer is
# a download; a folder with its files offline:
# --cfg-options model.semantics.instance_caption.decoder.tokenizer.name=FOLDER
_attention_ = dict(channels=256, num_heads=8, dropout=0.1)
smoter_released = dict(
    type='TrajectorySemantics',
    roi=dict(  # 7 x 7 x 160 of p3 through two layers of 1024
        type='RoITokens', in_channels=160, channels=256, grid=7, samples=0, hidden=1024),
    trajectory_fusion=dict(
        type='ConcatTrajectoryFusion', **_attention_, ffn_channels=0),
    video_fusion=dict(
        type='VideoFusion',
        cell=dict(type='AttentionCell', **_attention_, ffn_channels=1024),
        in_channels=160,
        channels=256,
        grid=(16, 16),
        tokens='channel',
        mean_frames=5,
        pool_padding=True),
    instance_caption=dict(
        type='InstanceCaptionHead',
        channels=256,
        decoder=dict(
            type='TextDecoder',
            tokenizer=dict(
                type='PretrainedTokenizer',
                name='bert-base-uncased',
                bos_id=104,
                clean_spaces=True),
            config=dict(
                model_type='prefix_bert',
                hidden_size=768,
                num_hidden_layers=6,
                num_attention_heads=12,
                intermediate_size=3072,
                max_position_embeddings=1024),
            max_length=40,
            num_beams=1,
            allow_repeats=False,
            label_smoothing=0.1)),
    video_caption=dict(
        type='VideoCaptionHead',
        **_attention_,
        ffn_channels=1024,
        injection='sequential',
        decoder=None),
    share_decoder=True,
    share_projection=True,
    interaction=dict(
        type='InteractionHead',
        **_attention_,
        ffn_channels=1024,
        vocabulary='raw359',
        self_attention=False,
        pooled_tokens=128, hidden=(2048, 2048), unused_logits=1,
        gamma=2.0, threshold=0.4, chunk_size=64),
    all_pairs=True,
    span_parts=0)
