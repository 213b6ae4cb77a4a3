# Refer-KITTI as TransRMOT trains and tests on it: clips of 2 frames, not mirrored, an epoch
# with one for each of 5,640 frames of 15 videos; 100 epochs, lr 1e-4 and from the 50th 1e-5,
# a tenth for the backbone and what places samples. 8 GPUs with a clip each.
_kitti_ = dict(type='ReferKITTIDataset', data_root='data/refer-kitti', version='v1')
_crop_ = dict(type='ClipRandomCrop', scale=(0.6, 1.0))
_slow_ = dict(lr_mult=0.1)
refer_kitti = dict(
    train=dict(
        batch_size=1,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='RepeatDataset',
            times=376,
            dataset=dict(
                type='ReferringDataset',
                dataset=dict(_kitti_, split='train'),
                num_frames=2,
                pipeline=[_crop_, dict(type='PackClip')]))),
    test=dict(
        batch_size=64,  # prompts of one video in a batch share one run over it
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='ReferringDataset', dataset=dict(_kitti_, split='test'), test_mode=True)),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-4, weight_decay=1e-4),
        paramwise_cfg=dict(
            custom_keys=dict(
                backbone=_slow_, sampling_offsets=_slow_, reference_points=_slow_)),
        clip_grad=dict(max_norm=0.1)))
