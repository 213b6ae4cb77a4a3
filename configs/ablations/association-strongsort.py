# Another association in the same model, Fig. 4.
_base_ = [
    '../smoter/smoter_tiny_synsmot.py', '../_base_/trackers/strongsort.py'
]
model = dict(
    tracker=dict(
        _delete_=True, **dict(_base_.strongsort, min_confidence=0.4)))  # tau_p
