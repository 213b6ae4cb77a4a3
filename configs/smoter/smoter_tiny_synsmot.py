# SMOTer, end to end, small enough to be trained on a CPU.
_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/synsmot.py',
    '../_base_/detectors/centernet_tiny.py', '../_base_/trackers/appearance_bytetrack.py',
    '../_base_/post_processing/min_track_length.py', '../_base_/semantics/smoter_tiny.py',
    '../_base_/schedules/synsmot_cpu.py'
]
_8_fps_ = dict(  # people move far between two frames; tau_p is the first
    track_threshold=0.4, low_threshold=0.1, birth_threshold=0.5, match_threshold=0.9,
    second_match_threshold=0.7, tentative_match_threshold=0.9, fuse_score=False,
    report_detections=True)
model = dict(
    type='SMOT',
    detector=_base_.centernet_tiny,
    tracker=dict(_base_.appearance_bytetrack, **_8_fps_),
    post_processing=[_base_.min_track_length],
    semantics=_base_.smoter_tiny,
    training=dict(
        type='ClipTraining',
        detection_frames=4,
        num_grad_frames=4,  # of 12: what a CPU can afford
        teacher_forcing_ratio=0.7))
train_dataloader = dict(_base_.synsmot.train, batch_size=4)
optim_wrapper = _base_.synsmot_cpu.optim_wrapper
param_scheduler = _base_.synsmot_cpu.param_scheduler
train_cfg = _base_.synsmot_cpu.train_cfg
custom_hooks = _base_.synsmot_cpu.custom_hooks
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='SMOTMetric')
test_cfg = dict()
