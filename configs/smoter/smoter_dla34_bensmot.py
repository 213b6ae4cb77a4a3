# SMOTer at the paper's size.
_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/bensmot.py',
    '../_base_/detectors/centernet2_dla34.py', '../_base_/trackers/bytetrack.py',
    '../_base_/semantics/smoter.py', '../_base_/schedules/smoter_70k.py'
]
model = dict(
    type='SMOT',
    detector=_base_.centernet2_dla34,
    tracker=dict(  # as released
        _base_.bytetrack, track_threshold=0.5, birth_threshold=0.6, match_threshold=0.9),
    semantics=_base_.smoter,
    training=dict(
        type='ClipTraining', detection_frames=6, num_grad_frames=None,  # k: 6 to 8
        teacher_forcing_ratio=1.0, box_noise=0.1))
# Clips show a whole video, of which most are shorter than the released 100 frames. They are
# learnt along the true tracks: ByteTrack loses people between frames that lie seconds apart.
train_dataloader = dict(
    _base_.bensmot.train,
    sampler=_base_.smoter_70k.sampler,
    dataset=dict(_base_.bensmot.train.dataset, num_frames=24, run_length='video'))
optim_wrapper = _base_.smoter_70k.optim_wrapper
param_scheduler = _base_.smoter_70k.param_scheduler
train_cfg = _base_.smoter_70k.train_cfg
custom_hooks = _base_.smoter_70k.custom_hooks
default_hooks = _base_.smoter_70k.default_hooks
log_processor = _base_.smoter_70k.log_processor
test_dataloader = _base_.bensmot.test
test_evaluator = dict(type='SMOTMetric')
test_cfg = dict()
