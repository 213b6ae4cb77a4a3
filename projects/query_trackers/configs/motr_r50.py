# MOTR at paper size: MOT17, 200 epochs, clips of 2 to 5 frames at most 10 apart.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py', './_base_/motr.py',
    './_base_/deformable_detr_r50.py', './_base_/mot17_clips.py',
    './_base_/papers.py'
]
custom_imports = dict(imports=[
    'projects.query_trackers.query_tracker',
    'projects.query_trackers.clip_length_schedule'
])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motr, detector=_base_.deformable_detr_r50))
_longer_ = dict(epochs=[50, 90, 150], lengths=[2, 3, 4, 5], interval=10)
train_dataloader = _base_.mot17_clips
train_dataloader['dataset']['dataset']['run_length'] = 41  # of the longest clips
optim_wrapper = _base_.papers.optim_wrapper
param_scheduler = [dict(type='MultiStepLR', milestones=[100], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200)
custom_hooks = [
    *_base_.papers.custom_hooks, dict(type='ClipLengthSchedule', **_longer_)
]
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
