# What the four papers share at paper size, on MOT17. Clips are mirrored, scaled and cut; an
# epoch draws 760 of each of the 7 sequences, one for each of their 5,316 frames, as the
# releases do. AdamW at 2e-4, a tenth of it for the backbone and what places samples; the
# length of training and its only step are each paper's.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/datasets/mot_challenge.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=False,  # ClipLengthSchedule changes the dataset
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=760,
        dataset=dict(
            type='MOTChallengeDataset',
            data_root='data/MOT17/train',
            sequences=['*-FRCNN'],
            num_frames=2,
            run_length=11,
            pipeline=[
                dict(type='ClipRandomFlip'),
                dict(type='ClipRandomCrop', scale=(0.6, 1.0)),
                dict(type='PackClip')
            ])))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-4, weight_decay=1e-4),
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.1),
            sampling_offsets=dict(lr_mult=0.1),
            reference_points=dict(lr_mult=0.1))),
    clip_grad=dict(max_norm=0.1))
custom_hooks = [dict(type='CheckInvalidLossHook')]
test_dataloader = _base_.mot_challenge
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
