# People of COCO, before MOT17: projects/single_shot_smot/tools/train_detector.py
_base_ = [
    'mmdet::_base_/datasets/coco_detection.py',
    'mmdet::_base_/schedules/schedule_1x.py', 'mmdet::_base_/default_runtime.py',
    '../_base_/ssd_r34_fpn.py'
]
model = _base_.ssd_r34_fpn
_person_ = dict(classes=('person', ))
train_dataloader = dict(batch_size=8, dataset=dict(metainfo=_person_))
val_dataloader = dict(dataset=dict(metainfo=_person_))
test_dataloader = dict(dataset=dict(metainfo=_person_))
optim_wrapper = dict(
    optimizer=dict(lr=0.005), clip_grad=dict(max_norm=10, norm_type=2))
