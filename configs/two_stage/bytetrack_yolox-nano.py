_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/yolox_nano.py',
    '../_base_/trackers/bytetrack.py'
]
# ByteTrack's second round wants what the detector gives from its low_threshold on.
model = dict(
    type='SMOT', detector=_base_.yolox_nano, tracker=_base_.bytetrack, batch_size=8)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
