# MOTR of SynSMOT's size, behind an encoder that learns nothing.
_base_ = './motr.py'
# Chosen on val, as TrackFormer's suppression: two tracks on one person are the worst fault.
_states_ = dict(
    birth_threshold=0.5, keep_threshold=0.4, report_threshold=None, track_nms=0.9)
motr_tiny = dict(
    _base_.motr,
    freeze_encoder=True,
    updater=dict(_base_.motr.updater, channels=64, num_heads=4, ffn_channels=256),
    lifecycle=dict(_base_.motr.lifecycle, **_states_))
