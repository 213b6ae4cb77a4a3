# The detector that the four tiny trackers start from, with ByteTrack behind it.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py',
    '../../../configs/_base_/trackers/bytetrack.py',
    './_base_/deformable_detr_tiny.py', './_base_/synsmot_detector.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    detector=_base_.deformable_detr_tiny,
    tracker=dict(_base_.bytetrack, frame_rate=8.0, match_threshold=0.9))
train_dataloader = dict(
    _base_.synsmot.train,
    batch_size=4,
    dataset=dict(_base_.synsmot.train.dataset, num_frames=1))
optim_wrapper = _base_.synsmot_detector.optim_wrapper
param_scheduler = _base_.synsmot_detector.param_scheduler
train_cfg = _base_.synsmot_detector.train_cfg
custom_hooks = _base_.synsmot_detector.custom_hooks
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
