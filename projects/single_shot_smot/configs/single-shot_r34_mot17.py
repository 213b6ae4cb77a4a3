# MOT17, from the weights of detectors/ssd-r34_coco-person: --weights epoch_12.pth
_base_ = [
    '../../../configs/_base_/default_runtime.py', './_base_/ssd_r34_fpn.py',
    './_base_/mot17_training.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    type='SMOT',
    estimator=dict(
        type='SingleShotTracker',
        detector=dict(
            type='MMDetDetector',
            checkpoint=None,
            config=dict(
                model=_base_.ssd_r34_fpn,
                test_pipeline=_base_.mot17_training.test_pipeline)),
        anchors=dict(type='TrackingAnchors', num_anchors=1),
        motion=dict(type='FarnebackMotion', side=256)))
train_dataloader = _base_.mot17_training.train_dataloader
optim_wrapper = _base_.mot17_training.optim_wrapper
param_scheduler = _base_.mot17_training.param_scheduler
train_cfg = _base_.mot17_training.train_cfg
custom_hooks = [dict(type='CheckInvalidLossHook')]
test_dataloader = _base_.mot17_training.test_dataloader
test_evaluator = [dict(type='TrackingMetric'), dict(type='SingleShotMetric')]
test_cfg = dict()
