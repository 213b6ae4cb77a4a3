_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/mot_challenge.py',
    '../_base_/detectors/yolox_nano.py',
    '../_base_/reid/osnet_x0_25.py',
    '../_base_/trackers/appearance_bytetrack.py'
]
# The second round wants what the detector gives from the tracker's low_threshold on.
model = dict(
    type='SMOT',
    detector=_base_.yolox_nano,
    reid=_base_.osnet_x0_25,
    tracker=_base_.appearance_bytetrack)
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric', preprocessing='auto', out_dir=None)
test_cfg = dict()
