# TransRMOT at paper size: d 256, 6 + 6 layers, 300 queries, RoBERTa.
_base_ = [
    '../../../configs/_base_/default_runtime.py', './_base_/refer_kitti.py',
    '../../query_trackers/configs/_base_/deformable_detr_r50.py',
    '../../query_trackers/configs/_base_/motr.py', './_base_/transrmot.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr,
        detector=_base_.deformable_detr,
        track_attention=False,  # released
        text_hook=_base_.transrmot))
train_dataloader = _base_.refer_kitti.train
optim_wrapper = _base_.refer_kitti.optim_wrapper
param_scheduler = [dict(type='MultiStepLR', milestones=[50], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
custom_hooks = [dict(type='CheckInvalidLossHook')]
test_dataloader = _base_.refer_kitti.test
test_evaluator = dict(type='ReferringMetric', protocol='fixed')
test_cfg = dict()
