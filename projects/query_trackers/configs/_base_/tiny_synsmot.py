# What the tiny models share: SynSMOT small, AdamW with a short warm-up and a cosine. The
# detector learns for 60 epochs of 100 batches, 4 frames each; from it a tracker for 40 of
# 100, with backbone and encoder as they are, so that the memory of a frame is always the
# same and can be cached.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/datasets/synsmot.py', './deformable_detr.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
train_dataloader = _base_.synsmot.train
train_dataloader.update(batch_size=4, num_workers=1)
train_dataloader['dataset'].update(num_frames=4, run_length=8)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=1.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=4000, eta_min=1e-5)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
custom_hooks = [dict(type='CheckInvalidLossHook')]
load_from = 'deformable-detr_tiny_synsmot'  # that comes along
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
