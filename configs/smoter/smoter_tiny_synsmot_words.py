# Goes on with a trained smoter_tiny_synsmot (load_from): the words alone, on its frozen
# detector and its own tracks.
_base_ = [
    'smoter_tiny_synsmot.py', '../_base_/schedules/synsmot_words.py'
]
model = dict(
    training=dict(
        _delete_=True,
        type='ClipTraining',
        freeze=True,
        feature_cache='work_dirs/synsmot_features',
        true_tracks=0.5))
optim_wrapper = _base_.synsmot_words.optim_wrapper
param_scheduler = _base_.synsmot_words.param_scheduler
train_cfg = _base_.synsmot_words.train_cfg
custom_hooks = _base_.synsmot_words.custom_hooks
