# TrackFormer of one frame at paper size (train_deformable.yaml): d 256, 300 queries,
# 40 epochs on MOT17.
_base_ = [
    './_base_/trackformer.py', './_base_/deformable_detr_r50_dropout.py', './_base_/mot17.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(_base_.trackformer, detector=_base_.deformable_detr))
train_dataloader = dict(
    dataset=dict(dataset=dict(run_length=6)))  # at most 5 frames apart
param_scheduler = [dict(type='MultiStepLR', milestones=[10], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40)
