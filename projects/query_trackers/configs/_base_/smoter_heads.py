# SMOTer's heads on the queries of a tracker, 2,000 batches: each track's embedding is its
# one token; the video is fused from the neck's maps, with the colours of each cell.
_base_ = [
    './tiny_synsmot.py', '../../../../configs/_base_/semantics/smoter_tiny.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(detector=dict(rgb_cells=2), feature_channels=128),
    semantics=dict(
        _base_.smoter_tiny,
        roi=None,
        box_tokens=1,
        video_fusion=dict(_base_.smoter_tiny.video_fusion, in_channels=76)),
    training=dict(type='ClipTraining', teacher_forcing_ratio=0.7, box_noise=0.1))
train_dataloader = dict(
    batch_size=2, dataset=dict(num_frames=8, run_length=None, stride=2))
train_cfg = dict(max_epochs=10)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=2000)
custom_hooks = [dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')]
test_evaluator = dict(_delete_=True, type='SMOTMetric')
