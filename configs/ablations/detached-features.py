# The semantic losses do not reach the detector, as in the released code.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(training=dict(detach_features=True))
