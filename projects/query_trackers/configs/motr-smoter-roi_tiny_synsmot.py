# SMOTer's heads behind MOTR, with RoI pooling from the neck's maps as its tokens.
_base_ = [
    './motr_tiny_synsmot.py', '../../../configs/_base_/semantics/smoter_tiny.py'
]
model = dict(
    estimator=dict(detector=dict(rgb_cells=2)),
    semantics=dict(
        _base_.smoter_tiny,
        roi=dict(_base_.smoter_tiny.roi, in_channels=76),
        video_fusion=dict(_base_.smoter_tiny.video_fusion, in_channels=76)),
    training=dict(type='ClipTraining', teacher_forcing_ratio=0.7, box_noise=0.1))
train_dataloader = dict(
    batch_size=2,
    dataset=dict(num_frames=8, run_length=None, stride=2))
custom_hooks = [dict(type='TrainTokenizerHook'), dict(type='CheckInvalidLossHook')]
load_from = 'work_dirs/motr_tiny_synsmot/epoch_10.pth'
test_evaluator = dict(_delete_=True, type='SMOTMetric')
