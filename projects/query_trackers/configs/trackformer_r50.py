# TrackFormer of one frame at paper size (train_deformable.yaml): d 256, 300 queries,
# 40 epochs on MOT17.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py', './_base_/trackformer.py',
    './_base_/deformable_detr_r50.py', './_base_/mot17_clips.py',
    './_base_/papers.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.trackformer,
        detector=_base_.deformable_detr_r50))
train_dataloader = _base_.mot17_clips
train_dataloader['dataset']['dataset']['run_length'] = 6  # at most 5 frames apart
optim_wrapper = _base_.papers.optim_wrapper
param_scheduler = [dict(type='MultiStepLR', milestones=[10], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40)
custom_hooks = _base_.papers.custom_hooks
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
