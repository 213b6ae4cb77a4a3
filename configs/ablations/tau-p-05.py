# Table 5.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(
    tracker=dict(
        track_threshold=0.5,  # tau_p
        birth_threshold=0.6))
