# MOTRv2 at paper size: 5 epochs, clips of 5 frames; proposals from det.txt.
_base_ = [
    './_base_/motrv2.py', './_base_/deformable_detr_r50.py', './_base_/mot17.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motrv2,
        detector=_base_.deformable_detr,
        proposal_detector=dict(type='DetectionFile')))
# Proposals are boxes of the file's images: nothing is mirrored or cut.
train_dataloader = dict(
    dataset=dict(
        dataset=dict(num_frames=5, run_length=41, pipeline=[dict(type='PackClip')])))
# 5 epochs with the drop at 4 are the schedule of DanceTrack with CrowdHuman's images.
param_scheduler = [dict(type='MultiStepLR', milestones=[4], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5)
