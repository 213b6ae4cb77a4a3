# MOTR at paper size: MOT17, 200 epochs, clips of 2 to 5 frames at most 10 apart.
_base_ = [
    './_base_/motr.py', './_base_/deformable_detr_r50.py', './_base_/mot17.py'
]
custom_imports = dict(imports=[
    'projects.query_trackers.query_tracker',
    'projects.query_trackers.clip_length_schedule'
])
model = dict(
    type='SMOT',
    estimator=dict(_base_.motr, detector=_base_.deformable_detr))
_longer_ = dict(epochs=[50, 90, 150], lengths=[2, 3, 4, 5], interval=10)
train_dataloader = dict(
    dataset=dict(dataset=dict(run_length=41)))  # of the longest clips
param_scheduler = [dict(type='MultiStepLR', milestones=[100], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200)
custom_hooks = [
    *_base_.custom_hooks, dict(type='ClipLengthSchedule', **_longer_)
]
