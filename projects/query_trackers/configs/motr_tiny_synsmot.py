# MOTR, small enough to be trained on a CPU; only decoder and QIM learn.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/motr.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_size_ = dict(channels=64, num_heads=4, ffn_channels=256)
# Chosen on val, as TrackFormer's suppression: two tracks on one person are the worst fault.
_states_ = dict(
    birth_threshold=0.5, keep_threshold=0.4, report_threshold=None, track_nms=0.9)
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr,
        detector=_base_.deformable_detr,
        freeze_encoder=True,
        updater=dict(_base_.motr.updater, **_size_),
        lifecycle=dict(_base_.motr.lifecycle, **_states_)))
