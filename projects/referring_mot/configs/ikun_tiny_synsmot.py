# iKUN behind the detector and tracker of smoter_tiny_synsmot.
_base_ = [
    '../../../configs/smoter/smoter_tiny_synsmot.py', './_base_/ikun_tiny.py',
    './_base_/synsmot_expressions.py']
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
_refer_filter_ = dict(
    type='ReferFilter', threshold=0.35, **_base_._window_)  # threshold chosen on val
model = dict(
    _delete_=True,
    type='SMOT',
    estimator=dict(
        type='IKUN',
        detector=_base_.centernet_tiny,
        tracker=dict(_base_.appearance_bytetrack, **_base_._8_fps_),
        **_base_.ikun_tiny),
    post_processing=[_base_.min_track_length, _refer_filter_])
train_dataloader = dict(_delete_=True, **_base_.synsmot_expressions.train)
test_dataloader = dict(_delete_=True, **_base_.synsmot_expressions.test)
test_evaluator = dict(_delete_=True, type='ReferringMetric')
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=2000, eta_min=1e-5)
]
train_cfg = dict(_delete_=True, **_base_.synsmot_expressions.train_cfg)
default_hooks = dict(checkpoint=_base_.synsmot_expressions.checkpoint)
log_processor = dict(by_epoch=False)
custom_hooks = [
    dict(type='ExpressionStatisticsHook'), dict(type='CheckInvalidLossHook')
]
