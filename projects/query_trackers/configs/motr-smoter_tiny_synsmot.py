# SMOTer's heads on the queries of MOTR, whose decoder learns with them.
_base_ = ['./_base_/smoter_heads.py', './_base_/motr_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(estimator=dict(_base_.motr_tiny, detector=_base_.deformable_detr))
load_from = 'motr_tiny_synsmot'  # that comes along
