# Faces of WIDER FACE: projects/single_shot_smot/tools/train_detector.py
_base_ = [
    'mmdet::_base_/datasets/wider_face.py', 'mmdet::_base_/schedules/schedule_2x.py',
    'mmdet::_base_/default_runtime.py', '../_base_/ssd_r34_fpn.py'
]
model = _base_.ssd_r34_fpn
# Faces are as high as wide, and small.
model['bbox_head']['anchor_generator'].update(ratios=[1.25], octave_base_scale=2)
optim_wrapper = dict(
    optimizer=dict(lr=0.005), clip_grad=dict(max_norm=10, norm_type=2))
