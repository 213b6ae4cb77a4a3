_base_ = ['./single-shot_ssdlite.py']
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
# As in the paper: one anchor, its own score, small motion.
model = dict(
    estimator=dict(
        anchors=dict(_delete_=True, type='TrackingAnchors', num_anchors=1),
        motion=dict(_delete_=True, type='IdentityMotion'),
        scene_cut=None,
        relative_keep=False,
        det_threshold=0.9,
        keep_threshold=0.4))
