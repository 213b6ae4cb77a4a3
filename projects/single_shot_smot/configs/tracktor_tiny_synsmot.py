# Trains the Faster R-CNN, and tracks with it (Bergmann et al., 2019), as Tracktor++.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py', './_base_/faster_rcnn_tiny.py',
    './_base_/stripe_colours.py', './_base_/detector_schedule.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.tracktor',
    'projects.single_shot_smot.stripe_colours',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    type='SMOT',
    estimator=dict(
        type='Tracktor',
        detector=_base_.faster_rcnn_tiny,
        camera_motion=dict(type='ECC', max_iterations=100, epsilon=1e-5),
        reid=_base_.stripe_colours,
        keep_threshold=0.3,  # chosen on val, as is max_distance
        max_distance=2.0))  # of unit vectors: no gate of appearance
train_dataloader = {**_base_.synsmot.train, **_base_.detector_schedule.train_dataloader}
optim_wrapper = _base_.detector_schedule.optim_wrapper
param_scheduler = _base_.detector_schedule.param_scheduler
train_cfg = _base_.detector_schedule.train_cfg
custom_hooks = _base_.detector_schedule.custom_hooks
load_from = _base_.detector_schedule.load_from
test_dataloader = _base_.synsmot.test
test_evaluator = [dict(type='TrackingMetric'), dict(type='SingleShotMetric')]
test_cfg = dict()
