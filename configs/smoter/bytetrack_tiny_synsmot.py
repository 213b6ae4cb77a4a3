# Two stages: the detector is trained, its tracks are written, and semantics are trained on
# along them (README, "Two stages").
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/trackers/bytetrack.py',
    '../_base_/schedules/synsmot_tracks.py'
]
model = dict(
    tracker=dict(_delete_=True, **dict(_base_.bytetrack, **_base_._8_fps_)),
    training=dict(
        _delete_=True,
        **_base_.synsmot_tracks.training,
        tracker=dict(
            type='TrajectoryFile',
            path='work_dirs/bytetrack_tiny_synsmot/train/results/{name}.txt')))
train_dataloader = _base_.synsmot_tracks.train_dataloader
optim_wrapper = _base_.synsmot_tracks.optim_wrapper
param_scheduler = _base_.synsmot_tracks.param_scheduler
train_cfg = _base_.synsmot_tracks.train_cfg
custom_hooks = _base_.synsmot_tracks.custom_hooks
load_from = 'work_dirs/smoter_tiny_synsmot_words/epoch_15.pth'
