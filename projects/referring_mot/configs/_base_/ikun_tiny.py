# iKUN's matching, 128 wide; a window is 7 frames, with 8 a second.
_window_ = dict(window=3, stride=3, fps=8.0)
ikun_tiny = dict(
    visual_encoder=dict(
        type='ConvEncoder',
        widths=(24, 48, 96, 128),
        pretrained='smoter_tiny_synsmot',
        num_frozen=3),
    text_encoder=dict(
        type='SmallTextEncoder',
        tokenizer=dict(type='CaptionTokenizer', vocab_size=512),
        channels=128,
        dropout=0.0),  # few epochs: nothing is learnt by heart
    unification=dict(
        type='KnowledgeUnification',
        channels=128,
        text_channels=128,
        mode='cascade',
        num_words=16,
        dropout=0.0),
    pooling=dict(
        type='WindowAttention',
        channels=128,
        text_channels=128,
        window=3,
        dropout=0.0),
    local_size=(48, 24),
    global_size=(48, 80),
    margin=0.15,  # as the frozen convolutions were trained
    box_noise=0.04,
    short_windows=0.3,
    **_window_)
