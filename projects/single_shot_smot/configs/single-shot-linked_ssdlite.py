_base_ = [
    './single-shot_ssdlite.py', '../../../configs/_base_/reid/osnet_x0_25.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
# Weights of OSNet: --reid-weights. The distance is the best of six on TUD.
model = dict(
    estimator=dict(
        reid=_base_.osnet_x0_25,
        linker=dict(
            type='TrackletLinker',
            max_distance=0.7,
            update_interval=10,
            max_inactive=300)))  # frames
