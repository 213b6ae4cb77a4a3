# Two stages: a trained detector, frozen; the words are learnt on its own tracks.
_base_ = 'smoter_tiny_synsmot.py'
model = dict(training=dict(freeze=True, true_tracks=0.0))
custom_hooks = [dict(type='LearnWords'), dict(type='StopAtNaN')]
load_from = 'work_dirs/detector_tiny_synsmot/epoch_20.pth'
