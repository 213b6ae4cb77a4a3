# MOTRv2 of SynSMOT's size, behind an encoder that learns nothing.
_base_ = './motrv2.py'
motrv2_tiny = dict(
    _base_.motrv2,
    freeze_encoder=True,
    updater=dict(type='QIMv2', channels=64, num_heads=4, ffn_channels=256),
    query_init=dict(type='ProposalQueries', channels=64, num_queries=10),
    denoising=dict(type='BoxDenoising', channels=64),
    # Chosen on val.
    lifecycle=dict(_base_.motrv2.lifecycle, keep_threshold=0.4, track_nms=0.9),
    proposal_detector=dict(score_threshold=0.05))  # else that of the tracker
