# The detector that the four tiny trackers start from, with ByteTrack behind it: 2,000
# iterations, 20 epochs of 100 batches of 4 frames of SynSMOT small.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py',
    '../../../configs/_base_/trackers/bytetrack.py',
    './_base_/deformable_detr.py', './_base_/synsmot_2k.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    detector=_base_.deformable_detr,
    tracker=dict(_base_.bytetrack, frame_rate=8.0, match_threshold=0.9))
train_dataloader = dict(
    _base_.synsmot.train,
    batch_size=4,
    dataset=dict(_base_.synsmot.train.dataset, num_frames=1))
optim_wrapper = _base_.synsmot_2k.optim_wrapper
optim_wrapper['optimizer']['lr'] = 8e-4
param_scheduler = _base_.synsmot_2k.param_scheduler
train_cfg = dict(_base_.synsmot_2k.train_cfg, max_epochs=20)
custom_hooks = _base_.synsmot_2k.custom_hooks
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
