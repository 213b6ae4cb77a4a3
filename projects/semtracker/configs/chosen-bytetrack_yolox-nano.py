# The baseline on real people: --weights yolox_nano.onnx. It tells no events.
_base_ = [
    'chosen-bytetrack_tiny_synsmot.py',
    '../../../configs/_base_/detectors/yolox_nano.py'
]
model = dict(
    estimator=dict(
        detector=dict(_delete_=True, **_base_.yolox_nano),
        tracker=dict(_delete_=True, **_base_.bytetrack)))
