# MOTR, small enough to be trained on a CPU; only decoder and QIM learn.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/motr_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT', estimator=dict(_base_.motr_tiny, detector=_base_.deformable_detr))
