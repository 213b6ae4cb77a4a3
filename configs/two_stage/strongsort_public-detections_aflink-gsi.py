# StrongSORT++: pieces linked and smoothed behind StrongSORT.
_base_ = [
    'sort_public-detections.py', '../_base_/reid/osnet_x0_25.py',
    '../_base_/trackers/strongsort.py', '../_base_/post_processing/aflink.py',
    '../_base_/post_processing/linear_interpolation.py',
    '../_base_/post_processing/gaussian_smoothing.py'
]
model = dict(
    reid=_base_.osnet_x0_25,
    tracker=dict(_delete_=True, **_base_.strongsort),
    post_processing=[
        _base_.aflink, _base_.linear_interpolation, _base_.gaussian_smoothing
    ])
