# What the four papers share: AdamW at 2e-4, a tenth of it for the backbone and what places
# samples; the length of training and its only step are each paper's.
papers = dict(
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=2e-4, weight_decay=1e-4),
        paramwise_cfg=dict(
            custom_keys=dict(
                backbone=dict(lr_mult=0.1),
                sampling_offsets=dict(lr_mult=0.1),
                reference_points=dict(lr_mult=0.1))),
        clip_grad=dict(max_norm=0.1)),
    custom_hooks=[dict(type='CheckInvalidLossHook')])
