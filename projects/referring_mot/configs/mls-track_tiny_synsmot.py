# MLS-Track, small enough for a CPU, from the weights of the tiny MOTR; all of it learns.
_base_ = [
    '../../query_trackers/configs/_base_/tiny_synsmot.py',
    '../../query_trackers/configs/_base_/motr.py', './_base_/motr_tiny.py',
    './_base_/synsmot_expressions.py', './_base_/transrmot_tiny.py',
    './_base_/mls_track_tiny.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr,
        detector=_base_.deformable_detr,
        updater=dict(_base_.motr.updater, **_base_.motr_tiny.updater),
        lifecycle=dict(_base_.motr.lifecycle, **_base_.motr_tiny.lifecycle),
        text_hook=dict(_base_.transrmot_tiny, **_base_.mls_track_tiny),
        denoising=_base_.track_groups))
train_dataloader = dict(_base_.synsmot_expressions.clips, _delete_=True)
param_scheduler = _base_.synsmot_expressions.clips_scheduler
train_cfg = dict(max_epochs=10)
custom_hooks = [
    dict(type='ExpressionStatisticsHook'), dict(type='CheckInvalidLossHook')
]
load_from = 'work_dirs/motr_tiny_synsmot/epoch_40.pth'
test_dataloader = dict(_base_.synsmot_expressions.test, _delete_=True)
test_evaluator = dict(_delete_=True, type='ReferringMetric')
