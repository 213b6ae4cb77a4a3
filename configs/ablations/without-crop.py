# No tokens of image crops.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(roi=dict(crop=None)))
