_base_ = ['./single-shot_tiny_synsmot.py', './_base_/stripe_colours.py']
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.stripe_colours',
    'projects.single_shot_smot.single_shot_metric'
])
# The distance was chosen on val.
model = dict(
    estimator=dict(
        detector=dict(checkpoint='single-shot_tiny_synsmot'),
        reid=_base_.stripe_colours,
        linker=dict(
            type='TrackletLinker',
            max_distance=0.97,
            update_interval=10,
            max_inactive=48)))  # frames; no clip has more
load_from = None  # the detector is trained
