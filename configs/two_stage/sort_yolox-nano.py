_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/yolox_nano.py',
    '../_base_/trackers/sort.py'
]
# SORT follows whatever it is given: it wants sure detections. The detector keeps the weak
# ones too, so that what it found serves every tracker.
model = dict(
    type='SMOT',
    detector=_base_.yolox_nano,
    tracker={**_base_.sort, 'score_threshold': 0.6},
    batch_size=8)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
