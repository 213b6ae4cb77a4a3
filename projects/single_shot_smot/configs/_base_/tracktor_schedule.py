# 250 iterations of 5 images, each of another video of SynSMOT large.
_base_ = ['./detector_schedule.py']
tracktor_schedule = dict(
    train_dataloader={
        **_base_.detector_schedule.train_dataloader,
        'sampler': dict(type='InfiniteSampler', shuffle=True),
        'dataset': {
            **_base_.detector_schedule.train_dataloader.dataset, 'num_frames': 1
        }
    },
    param_scheduler=[
        dict(type='CosineAnnealingLR', by_epoch=False, end=250, eta_min=1e-5)
    ],
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=250))
