# SMOTer's heads on the queries of MOTRv2, whose decoder learns with them.
_base_ = ['./_base_/smoter_heads.py', './_base_/motrv2_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_proposals_ = _base_.motrv2_tiny.proposal_detector
model = dict(
    estimator=dict(
        _base_.motrv2_tiny,
        detector=_base_.deformable_detr,
        proposal_detector=dict(_base_.deformable_detr, **_proposals_)))
load_from = 'motrv2_tiny_synsmot'  # that comes along
