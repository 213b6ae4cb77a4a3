# Another association in the same model, Fig. 4: the paper's own.
_base_ = [
    '../smoter/smoter_tiny_synsmot.py', '../_base_/trackers/bytetrack.py'
]
model = dict(
    tracker=dict(_delete_=True, **dict(_base_.bytetrack, **_base_._8_fps_)))
