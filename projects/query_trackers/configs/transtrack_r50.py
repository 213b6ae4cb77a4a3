# TransTrack at paper size: 500 queries, 150 epochs of pairs of frames.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py', './_base_/transtrack.py',
    './_base_/deformable_detr_r50.py', './_base_/mot17_clips.py',
    './_base_/papers.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(_base_.transtrack, detector=_base_.deformable_detr_r50))
model['estimator']['detector']['config']['model']['num_queries'] = 500
train_dataloader = _base_.mot17_clips
optim_wrapper = _base_.papers.optim_wrapper
param_scheduler = [dict(type='MultiStepLR', milestones=[100], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=150)
custom_hooks = _base_.papers.custom_hooks
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
