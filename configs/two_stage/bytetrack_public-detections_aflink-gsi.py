_base_ = [
    'bytetrack_public-detections.py', '../_base_/post_processing/aflink.py',
    '../_base_/post_processing/linear_interpolation.py',
    '../_base_/post_processing/gaussian_smoothing.py'
]
model = dict(post_processing=[
    _base_.aflink, _base_.linear_interpolation, _base_.gaussian_smoothing
])
