# The baseline on real people: --weights yolox_nano.onnx. It tells no events.
_base_ = [
    'chosen-bytetrack_tiny_synsmot.py',
    '../../../configs/_base_/detectors/yolox_nano.py'
]
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.chosen_track'
])
model = dict(
    estimator=dict(
        detector=dict(_delete_=True, **_base_.yolox_nano),
        tracker=dict(_delete_=True, **_base_.bytetrack)))
