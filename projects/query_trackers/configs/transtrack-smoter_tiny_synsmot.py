# SMOTer's heads on the queries of TransTrack, whose decoder learns with them.
_base_ = ['./_base_/smoter_heads.py', './_base_/transtrack_tiny.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(estimator=dict(_base_.transtrack_tiny, detector=_base_.deformable_detr))
load_from = 'transtrack_tiny_synsmot'  # that comes along
