# The first stage: two frames of each video, so that detector and semantics are
# trained on several times as many people a minute; longer motions are learnt after it.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/schedules/synsmot_start.py'
]
model = dict(
    training=dict(_delete_=True, type='ClipTraining', teacher_forcing_ratio=1.0))
train_dataloader = dict(batch_size=10, dataset=dict(num_frames=2))
optim_wrapper = _base_.synsmot_start.optim_wrapper
param_scheduler = _base_.synsmot_start.param_scheduler
train_cfg = _base_.synsmot_start.train_cfg
custom_hooks = _base_.synsmot_start.custom_hooks
