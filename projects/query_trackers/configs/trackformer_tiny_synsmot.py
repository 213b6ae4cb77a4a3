# TrackFormer on the data and schedule of the tiny MOTR: as many frames, in pairs.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/trackformer_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(_base_.trackformer_tiny, detector=_base_.deformable_detr))
train_dataloader = dict(batch_size=8, dataset=dict(num_frames=2, run_length=5))
train_cfg = dict(max_epochs=80)
