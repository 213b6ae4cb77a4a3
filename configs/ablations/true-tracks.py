# Words are learnt along true trajectories alone.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(training=dict(true_tracks=1.0))
