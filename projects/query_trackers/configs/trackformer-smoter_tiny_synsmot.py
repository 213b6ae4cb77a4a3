# SMOTer's heads on the queries of TrackFormer, whose decoder learns with them.
_base_ = ['./_base_/smoter_heads.py', './_base_/trackformer_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(estimator=dict(_base_.trackformer_tiny, detector=_base_.deformable_detr))
load_from = 'trackformer_tiny_synsmot'  # that comes along
