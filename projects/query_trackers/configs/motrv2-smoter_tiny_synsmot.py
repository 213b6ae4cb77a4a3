# SMOTer's heads on the queries of MOTRv2, whose decoder learns with them.
_base_ = ['./motrv2_tiny_synsmot.py', './_base_/smoter_heads.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = _base_.smoter_heads.model
train_dataloader = _base_.smoter_heads.train_dataloader
train_cfg = _base_.smoter_heads.train_cfg
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(_base_.smoter_heads.cosine)
custom_hooks = _base_.smoter_heads.custom_hooks
load_from = 'work_dirs/motrv2_tiny_synsmot/epoch_40.pth'
test_evaluator = _base_.smoter_heads.test_evaluator
