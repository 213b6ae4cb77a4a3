# The text of TransRMOT for the tiny MOTR: d 64, 2 decoder layers. Its words come from iKUN's
# training, as RoBERTa's from books: from nothing they are not learnt here.
transrmot_tiny = dict(
    type='ReferHook',
    text_encoder=dict(
        type='SmallTextEncoder',
        tokenizer=dict(type='CaptionTokenizer', vocab_size=512),
        channels=128,
        dropout=0.0,
        weights='ikun_tiny_synsmot'),
    fusion=dict(
        type='EarlyFusion', channels=64, text_channels=128, num_heads=4),
    # A third of the people in a clip are meant.
    refer_head=dict(type='LinearReferHead', channels=64, num_layers=2, prior=0.35),
    refer_threshold=0.5,
    loss_weight=10.0,  # 2 in the paper: the boxes' losses drown it in so few iterations
    default_text='people')
