# MOTR, small enough to be trained on a CPU.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py', './_base_/motr.py',
    './_base_/deformable_detr.py', './_base_/synsmot_2k.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_size_ = dict(channels=64, num_heads=4, ffn_channels=256)
_states_ = dict(birth_threshold=0.5, keep_threshold=0.4, report_threshold=None)
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr,
        detector=_base_.deformable_detr,
        updater=dict(_base_.motr.updater, **_size_),
        lifecycle=dict(_base_.motr.lifecycle, **_states_)))
_clips_ = dict(num_frames=4, run_length=8)
train_dataloader = dict(_base_.synsmot.train, batch_size=2)
train_dataloader['dataset'] = dict(_base_.synsmot.train.dataset, **_clips_)
optim_wrapper = _base_.synsmot_2k.optim_wrapper
param_scheduler = _base_.synsmot_2k.param_scheduler
train_cfg = _base_.synsmot_2k.train_cfg
custom_hooks = _base_.synsmot_2k.custom_hooks
load_from = _base_.synsmot_2k.load_from
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
