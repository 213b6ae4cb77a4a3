# As in the paper: one anchor, its own score, small motion.
_base_ = ['./single-shot_tiny_synsmot.py']
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    estimator=dict(
        detector=dict(checkpoint='single-shot_tiny_synsmot'),
        anchors=dict(_delete_=True, type='TrackingAnchors', num_anchors=1),
        motion=dict(_delete_=True, type='IdentityMotion'),
        relative_keep=False,
        det_threshold=0.9,
        keep_threshold=0.4))
load_from = None  # the detector is trained
