# The detector of smoter_tiny_synsmot alone.
_base_ = 'smoter_tiny_synsmot.py'
model = dict(semantics=None)
custom_hooks = [dict(type='CheckInvalidLossHook')]
test_evaluator = dict(type='TrackingMetric')
