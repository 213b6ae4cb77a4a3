# Two stages, as bytetrack_tiny_synsmot.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/trackers/sort.py',
    '../_base_/schedules/synsmot_tracks.py'
]
model = dict(
    tracker=dict(_delete_=True, **dict(_base_.sort, score_threshold=0.4)),  # tau_p
    training=dict(
        _delete_=True,
        **_base_.synsmot_tracks.training,
        tracker=dict(
            type='TrajectoryFile',
            path='work_dirs/sort_tiny_synsmot/train/results/{name}.txt')))
train_dataloader = _base_.synsmot_tracks.train_dataloader
optim_wrapper = _base_.synsmot_tracks.optim_wrapper
param_scheduler = _base_.synsmot_tracks.param_scheduler
train_cfg = _base_.synsmot_tracks.train_cfg
custom_hooks = _base_.synsmot_tracks.custom_hooks
load_from = 'work_dirs/smoter_tiny_synsmot_words/epoch_15.pth'
