# MOTRv2, small enough to be trained on a CPU; the shared detector makes its proposals.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py', './_base_/motrv2.py',
    './_base_/deformable_detr_tiny.py', './_base_/synsmot_tracker.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motrv2,
        detector=_base_.deformable_detr_tiny,
        updater=dict(type='QIMv2', channels=64, num_heads=4, ffn_channels=256),
        query_init=dict(type='ProposalQueries', channels=64, num_queries=10),
        denoising=dict(type='BoxDenoising', channels=64),
        proposal_detector=dict(
            type='CachedDetector',
            detector=dict(_base_.deformable_detr_tiny, score_threshold=0.05),
            root='work_dirs/query_trackers/proposals')))
train_dataloader = dict(_base_.synsmot.train, batch_size=2)
train_dataloader['dataset'] = dict(_base_.synsmot.train.dataset, num_frames=4, run_length=8)
optim_wrapper = _base_.synsmot_tracker.optim_wrapper
param_scheduler = _base_.synsmot_tracker.param_scheduler
train_cfg = _base_.synsmot_tracker.train_cfg
custom_hooks = _base_.synsmot_tracker.custom_hooks
load_from = _base_.synsmot_tracker.load_from
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
