_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/yolox_nano.py',
    '../_base_/trackers/ocsort.py'
]
# OC-SORT looks at detections above its det_threshold alone.
model = dict(
    type='SMOT', detector=_base_.yolox_nano, tracker=_base_.ocsort, batch_size=8)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
