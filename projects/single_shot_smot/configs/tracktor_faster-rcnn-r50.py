# Tracktor++ with mmdet's Faster R-CNN of COCO: --weights faster_rcnn_r50_fpn_1x_coco.pth.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py',
    '../../../configs/_base_/reid/osnet_x0_25.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.tracktor',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    type='SMOT',
    batch_size=2,
    estimator=dict(
        type='Tracktor',
        detector=dict(
            type='MMDetDetector',
            config='mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py',
            checkpoint=None,
            labels=(0, )),  # person
        camera_motion=dict(type='ECC', max_iterations=100, epsilon=1e-5),
        reid=_base_.osnet_x0_25,
        scene_cut=dict(type='SceneCut'),
        max_distance=0.7))
test_dataloader = _base_.mot_challenge
test_evaluator = [dict(type='TrackingMetric'), dict(type='SingleShotMetric')]
test_cfg = dict()
