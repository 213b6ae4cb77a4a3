# Captions are learnt along GT trajectories alone (teacher forcing).
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(training=dict(teacher_forcing_ratio=1.0))
