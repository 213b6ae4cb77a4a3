# TransTrack at paper size: 500 queries, 150 epochs of pairs of frames.
_base_ = [
    './_base_/transtrack.py', './_base_/deformable_detr_r50_dropout.py', './_base_/mot17.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(_base_.transtrack, detector=_base_.deformable_detr))
model['estimator']['detector']['config']['model']['num_queries'] = 500
param_scheduler = [dict(type='MultiStepLR', milestones=[100], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=150)
