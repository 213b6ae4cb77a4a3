# No closer look at each box.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(roi=dict(crop=None)))
