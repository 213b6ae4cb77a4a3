# Two stages, as bytetrack_tiny_synsmot.
# DeepSORT knows people again by what the detector's feature maps show of them.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/trackers/deepsort.py'
]
model = dict(
    tracker=dict(_delete_=True, **dict(_base_.deepsort, min_confidence=0.4)),  # tau_p
    training=dict(freeze=True, true_tracks=0.0))
custom_hooks = [dict(type='LearnWords'), dict(type='StopAtNaN')]
load_from = 'work_dirs/detector_tiny_synsmot/epoch_20.pth'
