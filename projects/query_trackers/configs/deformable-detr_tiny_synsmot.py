# The detector that the four tiny trackers start from, with ByteTrack behind it: 6,000
# iterations of 4 frames.
_base_ = ['./_base_/tiny_synsmot.py', '../../../configs/_base_/trackers/bytetrack.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    detector=_base_.deformable_detr,
    tracker=dict(_base_.bytetrack, frame_rate=8.0, match_threshold=0.9))
train_dataloader = dict(dataset=dict(num_frames=1, run_length=None))
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = _base_.param_scheduler
param_scheduler[1]['end'] = 6000
train_cfg = dict(max_epochs=60)
load_from = None
