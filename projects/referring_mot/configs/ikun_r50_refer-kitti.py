# iKUN at the paper's size, over tracks from a file: work_dirs/tracks/0005.txt, ...
# An epoch has a clip for each of 5,640 frames, as TransRMOT's; the release's has one
# sentence for each trajectory. What else differs: "What is ours" in the README.
_base_ = [
    '../../../configs/_base_/default_runtime.py', './_base_/ikun_r50.py',
    './_base_/refer_kitti.py'
]
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    type='SMOT',
    estimator=dict(
        type='IKUN',
        tracker=dict(type='TrajectoryFile', path='work_dirs/tracks/{name}.txt'),
        **_base_.ikun_r50),
    post_processing=[dict(type='ReferFilter', **_base_._window_)])
_repeated_ = _base_.refer_kitti.train.dataset
_clips_ = dict(_repeated_.dataset, stride=4, pipeline=[dict(type='PackClip')])
train_dataloader = dict(
    _base_.refer_kitti.train, batch_size=8, dataset=dict(_repeated_, dataset=_clips_))
test_dataloader = _base_.refer_kitti.test
test_evaluator = dict(type='ReferringMetric', protocol='fixed')
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-5, weight_decay=1e-5))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=100, eta_min=0)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
custom_hooks = [dict(type='ExpressionStatisticsHook')]
