# Tokens come from the detector's feature maps alone, as in the paper.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(roi=dict(crop=None)))
