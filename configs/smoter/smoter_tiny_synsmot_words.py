# The second stage, on the weights of the first: semantics alone, over whole videos, on
# a frozen detector.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/schedules/synsmot_words.py'
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
    dataset=dict(num_frames=8, stride=2))  # of the frames that a test looks at
optim_wrapper = _base_.synsmot_words.optim_wrapper
param_scheduler = _base_.synsmot_words.param_scheduler
train_cfg = _base_.synsmot_words.train_cfg
custom_hooks = _base_.synsmot_words.custom_hooks
load_from = 'work_dirs/smoter_tiny_synsmot_start/epoch_5.pth'
