# Captions are learnt along the tracker's trajectories alone, as in the paper.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(training=dict(teacher_forcing_ratio=0.0))
