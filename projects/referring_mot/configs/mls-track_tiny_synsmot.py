# MLS-Track, small enough for a CPU; weights, data and schedule of the tiny TransRMOT.
_base_ = ['./transrmot_tiny_synsmot.py', './_base_/mls_track_tiny.py']
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
_head_ = dict(_base_.mls_track_tiny.refer_head, _delete_=True)
model = dict(
    estimator=dict(
        text_hook=dict(_base_.mls_track_tiny, refer_head=_head_),
        denoising=_base_.track_groups))
