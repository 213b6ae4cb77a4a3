_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/public_detections.py', '../_base_/trackers/ocsort.py'
]
model = dict(
    type='SMOT', detector=_base_.public_detections, tracker=_base_.ocsort)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
