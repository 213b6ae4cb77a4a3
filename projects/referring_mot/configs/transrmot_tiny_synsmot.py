# TransRMOT, small enough for a CPU, from the weights of the tiny MOTR; all of it learns.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../query_trackers/configs/_base_/deformable_detr.py',
    '../../query_trackers/configs/_base_/motr_tiny.py',
    './_base_/synsmot_expressions.py', './_base_/transrmot_tiny.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr_tiny,
        detector=_base_.deformable_detr,
        freeze_encoder=False,  # it has to read levels with a text in them
        text_hook=_base_.transrmot_tiny))
train_dataloader = _base_.synsmot_expressions.clips
optim_wrapper = _base_.synsmot_expressions.clips_optim_wrapper
param_scheduler = _base_.synsmot_expressions.clips_scheduler
train_cfg = _base_.synsmot_expressions.train_cfg
default_hooks = dict(checkpoint=_base_.synsmot_expressions.checkpoint)
custom_hooks = [
    dict(type='ExpressionStatisticsHook'), dict(type='CheckInvalidLossHook')
]
load_from = 'motr_tiny_synsmot'  # that comes along
test_dataloader = _base_.synsmot_expressions.test
test_evaluator = dict(type='ReferringMetric')
test_cfg, log_processor = dict(), dict(by_epoch=False)
