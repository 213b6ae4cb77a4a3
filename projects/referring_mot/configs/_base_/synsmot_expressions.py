# SynSMOT with its expressions: a sample to test on is (video, prompt).
_synsmot_ = dict(
    type='BenSMOTDataset', data_root='data/SynSMOT', described_only=False)
synsmot_expressions = dict(
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=2000),
    checkpoint=dict(by_epoch=False, interval=500, max_keep_ckpts=3),
    train=dict(  # of features that tools/cache_windows.py has computed
        batch_size=8,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='WindowCacheDataset',
            data_root='work_dirs/ikun_windows',
            num_frames=3)),
    clips=dict(  # four random expressions each
        batch_size=2,
        num_workers=2,
        persistent_workers=True,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='ReferringDataset',
            dataset=dict(_synsmot_, split='train'),
            prompts_per_clip=4,
            num_frames=2,
            run_length=8,
            pipeline=[dict(type='PackClip')])),
    clips_optim_wrapper=dict(  # as of the tiny MOTR; the text's parts are new
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=10.0),
        paramwise_cfg=dict(
            custom_keys={
                'text_hook': dict(lr_mult=4.0),
                'sampling_offsets': dict(lr_mult=0.1),
                'reference_points': dict(lr_mult=0.1),
            })),
    clips_scheduler=[
        dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=50),
        dict(
            type='CosineAnnealingLR',
            by_epoch=False,
            begin=50,
            end=2000,
            eta_min=1e-5)
    ],
    test=dict(
        batch_size=32,  # prompts of one video in a batch share one run over it
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='ReferringDataset',
            dataset=dict(_synsmot_, split='test'),
            test_mode=True)))
