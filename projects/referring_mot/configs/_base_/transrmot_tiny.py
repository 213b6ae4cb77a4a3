# The text of TransRMOT for the tiny MOTR: d 64, 2 decoder layers, words learnt from the
# expressions.
transrmot_tiny = dict(
    type='ReferHook',
    text_encoder=dict(
        type='SmallTextEncoder',
        tokenizer=dict(type='CaptionTokenizer', vocab_size=512),
        channels=128,
        dropout=0.0),
    fusion=dict(
        type='EarlyFusion', channels=64, text_channels=128, num_heads=4),
    refer_head=dict(type='LinearReferHead', channels=64, num_layers=2),
    refer_threshold=0.5,
    loss_weight=2.0,
    default_text='people')
