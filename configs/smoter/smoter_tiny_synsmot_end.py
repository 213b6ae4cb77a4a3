# The third stage, on the weights of the second: all of it end to end; the detector gets
# better still.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/schedules/synsmot_end.py'
]
model = dict(
    training=dict(
        _delete_=True,
        type='ClipTraining',
        detection_frames=5,
        num_grad_frames=5,  # of 8
        teacher_forcing_ratio=1.0,
        box_noise=0.1))
train_dataloader = dict(
    batch_size=4,
    sampler=_base_.synsmot_end.sampler,
    dataset=dict(num_frames=8, stride=2))
optim_wrapper = _base_.synsmot_end.optim_wrapper
param_scheduler = _base_.synsmot_end.param_scheduler
train_cfg = dict(_base_.synsmot_end.train_cfg, _delete_=True)
custom_hooks = _base_.synsmot_end.custom_hooks
default_hooks = _base_.synsmot_end.default_hooks
log_processor = _base_.synsmot_end.log_processor
load_from = 'work_dirs/smoter_tiny_synsmot_words/epoch_15.pth'
