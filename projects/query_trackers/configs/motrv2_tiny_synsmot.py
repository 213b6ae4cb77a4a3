# MOTRv2 with the shared detector's proposals; only the decoder and what is new learn.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/motrv2_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_proposals_ = _base_.motrv2_tiny.proposal_detector
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motrv2_tiny,
        detector=_base_.deformable_detr,
        proposal_detector=dict(_base_.deformable_detr, **_proposals_)))
