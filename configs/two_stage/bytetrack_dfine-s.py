_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/dfine_s.py',
    '../_base_/trackers/bytetrack.py'
]
model = dict(
    type='SMOT', detector=_base_.dfine_s, tracker=_base_.bytetrack, batch_size=4)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
