# MLS-Track at paper size, 60 epochs, on the data and schedule of TransRMOT.
_base_ = ['./transrmot_r50_refer-kitti.py', './_base_/mls_track.py']
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
_head_ = dict(_base_.mls_track.refer_head, _delete_=True)
model = dict(
    estimator=dict(
        text_hook=dict(_base_.mls_track, refer_head=_head_),
        denoising=_base_.track_groups))
train_cfg = dict(max_epochs=60)
