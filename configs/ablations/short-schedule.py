# The heads of an ablation's cell: 375 iterations from nothing behind a detector that is
# trained already (--weights).
_base_ = [
    '../smoter/smoter_tiny_synsmot.py', '../_base_/schedules/synsmot_short.py'
]
model = dict(
    training=dict(
        _delete_=True,
        type='ClipTraining',
        freeze=True,
        feature_cache='work_dirs/synsmot_features',
        teacher_forcing_ratio=1.0,
        box_noise=0.1))
train_dataloader = dict(
    batch_size=8,
    sampler=_base_.synsmot_short.sampler,
    dataset=dict(num_frames=8, stride=2))
optim_wrapper = _base_.synsmot_short.optim_wrapper
param_scheduler = _base_.synsmot_short.param_scheduler
train_cfg = dict(_base_.synsmot_short.train_cfg, _delete_=True)
custom_hooks = _base_.synsmot_short.custom_hooks
default_hooks = _base_.synsmot_short.default_hooks
log_processor = _base_.synsmot_short.log_processor
