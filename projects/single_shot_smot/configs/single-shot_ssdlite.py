_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/mot_challenge.py',
    './_base_/ssdlite_pedestrian.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
# Chosen on TUD; the paper has K 1, identity motion, thresholds .9 and .4.
model = dict(
    type='SMOT',
    estimator=dict(
        type='SingleShotTracker',
        detector=_base_.ssdlite_pedestrian,
        anchors=dict(
            type='TrackingAnchors',
            num_anchors=3,  # K
            closeness='diou',
            weigh_scores=True),
        motion=dict(type='FarnebackMotion', side=256),  # H
        scene_cut=dict(type='SceneCut'),
        relative_keep=True,
        det_threshold=0.5,  # sigma_det
        keep_threshold=0.1,  # sigma_tk
        track_nms=0.6,
        new_iou=0.3))
test_dataloader = _base_.mot_challenge
test_evaluator = [dict(type='TrackingMetric'), dict(type='SingleShotMetric')]
test_cfg = dict()
