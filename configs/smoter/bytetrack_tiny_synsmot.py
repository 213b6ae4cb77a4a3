# Two stages: a trained detector, frozen; the words are learnt on its own tracks.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/trackers/bytetrack.py'
]
model = dict(
    tracker=dict(_delete_=True, **dict(_base_.bytetrack, **_base_._8_fps_)),
    training=dict(freeze=True, true_tracks=0.0))
custom_hooks = [dict(type='LearnWords'), dict(type='StopAtNaN')]
load_from = 'work_dirs/detector_tiny_synsmot/epoch_20.pth'
