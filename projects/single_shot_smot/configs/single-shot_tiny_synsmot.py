# Trains the SSD, and tracks with it; K, motion and thresholds were chosen on val.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py', './_base_/ssd_tiny.py',
    './_base_/detector_schedule.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    type='SMOT',
    estimator=dict(
        type='SingleShotTracker',
        detector=_base_.ssd_tiny,
        anchors=dict(type='TrackingAnchors', num_anchors=10, closeness='diou',
                     weigh_scores=True),
        motion=dict(type='FarnebackMotion', side=256),  # H
        relative_keep=True,
        det_threshold=0.7,  # sigma_det
        keep_threshold=0.05))  # sigma_tk
train_dataloader = {**_base_.synsmot.train, **_base_.detector_schedule.train_dataloader}
optim_wrapper = _base_.detector_schedule.optim_wrapper
param_scheduler = _base_.detector_schedule.param_scheduler
train_cfg = _base_.detector_schedule.train_cfg
custom_hooks = _base_.detector_schedule.custom_hooks
load_from = _base_.detector_schedule.load_from
test_dataloader = _base_.synsmot.test
test_evaluator = [dict(type='TrackingMetric'), dict(type='SingleShotMetric')]
test_cfg = dict()
