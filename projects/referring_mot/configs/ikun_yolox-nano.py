# The matching of ikun_tiny_synsmot on real people: --weights yolox_nano.onnx.
_base_ = [
    'ikun_tiny_synsmot.py', '../../../configs/_base_/detectors/yolox_nano.py',
    '../../../configs/_base_/trackers/bytetrack.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    estimator=dict(
        detector=dict(_delete_=True, **_base_.yolox_nano),
        tracker=dict(_delete_=True, **_base_.bytetrack),
        matching='projects/referring_mot/weights/ikun_tiny_synsmot.safetensors'))
