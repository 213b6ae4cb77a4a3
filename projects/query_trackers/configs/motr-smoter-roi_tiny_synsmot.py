# SMOTer's heads behind MOTR, with RoI pooling from the neck's maps as its tokens.
_base_ = ['./motr-smoter_tiny_synsmot.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    estimator=dict(feature_channels=None),
    semantics=dict(
        _base_.model.semantics,
        _delete_=True,
        roi=dict(_base_.smoter_tiny.roi, in_channels=76),
        box_tokens=None))
