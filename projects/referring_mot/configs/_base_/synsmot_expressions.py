# SynSMOT with its expressions: a sample to test on is (video, prompt).
_synsmot_ = dict(
    type='BenSMOTDataset', data_root='data/SynSMOT', described_only=False)
synsmot_expressions = dict(
    train=dict(  # of features that tools/cache_windows.py has computed
        batch_size=8,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='WindowCacheDataset',
            data_root='work_dirs/ikun_windows',
            num_frames=3)),
    test=dict(
        batch_size=32,  # prompts of one video in a batch share one run over it
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='ReferringDataset',
            dataset=dict(_synsmot_, split='test'),
            test_mode=True)))
