# TransRMOT, small enough for a CPU, from the weights of the tiny MOTR; all of it learns.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../query_trackers/configs/_base_/deformable_detr.py',
    '../../query_trackers/configs/_base_/motr.py', './_base_/motr_tiny.py',
    './_base_/synsmot_expressions.py', './_base_/transrmot_tiny.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr,
        detector=_base_.deformable_detr,
        updater=dict(_base_.motr.updater, **_base_.motr_tiny.updater),
        lifecycle=dict(_base_.motr.lifecycle, **_base_.motr_tiny.lifecycle),
        text_hook=_base_.transrmot_tiny))
train_dataloader = _base_.synsmot_expressions.clips
optim_wrapper = _base_.synsmot_expressions.clips_optim_wrapper
param_scheduler = _base_.synsmot_expressions.clips_scheduler
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
custom_hooks = [
    dict(type='ExpressionStatisticsHook'), dict(type='CheckInvalidLossHook')
]
load_from = 'work_dirs/motr_tiny_synsmot/epoch_40.pth'
test_dataloader = _base_.synsmot_expressions.test
test_evaluator = dict(type='ReferringMetric')
test_cfg = dict()
