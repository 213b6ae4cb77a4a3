# MOTRv2 at paper size: 5 epochs, clips of 5 frames; proposals from det.txt.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py', './_base_/motrv2.py',
    './_base_/deformable_detr_r50.py', './_base_/mot17_clips.py',
    './_base_/papers.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motrv2,
        detector=_base_.deformable_detr_r50,
        proposal_detector=dict(type='DetectionFile')))
train_dataloader = _base_.mot17_clips
# Proposals are boxes of the file's images: nothing is mirrored or cut.
train_dataloader['dataset']['dataset'].update(
    num_frames=5, run_length=41, pipeline=[dict(type='PackClip')])
optim_wrapper = _base_.papers.optim_wrapper
param_scheduler = [dict(type='MultiStepLR', milestones=[4], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5)
custom_hooks = _base_.papers.custom_hooks
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
