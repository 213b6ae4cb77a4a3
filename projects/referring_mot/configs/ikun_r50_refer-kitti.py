# iKUN at the paper's size, over tracks from a file: work_dirs/tracks/0005.txt, ...
# What differs from the release: "What is ours" in the README.
_base_ = ['../../../configs/_base_/default_runtime.py', './_base_/ikun_r50.py']
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
_kitti_ = dict(type='ReferKITTIDataset', data_root='data/refer-kitti', version='v1')
model = dict(
    type='SMOT',
    estimator=dict(
        type='IKUN',
        tracker=dict(type='TrajectoryFile', path='work_dirs/tracks/{name}.txt'),
        **_base_.ikun_r50),
    post_processing=[dict(type='ReferFilter', span=5)])
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ReferringDataset', dataset=dict(_kitti_, split='train'),
        num_frames=2, stride=4, pipeline=[dict(type='PackClip')]))
test_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ReferringDataset', dataset=dict(_kitti_, split='test'), test_mode=True))
test_evaluator = dict(type='ReferringMetric', protocol='fixed')
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-5, weight_decay=1e-5))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
custom_hooks = [dict(type='ExpressionStatisticsHook')]
