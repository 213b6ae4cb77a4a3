_base_ = [
    '../_base_/default_runtime.py', '../_base_/detectors/yolox_nano.py',
    '../_base_/trackers/ocsort.py'
]
model = dict(
    type='SMOT', detector=_base_.yolox_nano, tracker=_base_.ocsort, batch_size=8)
