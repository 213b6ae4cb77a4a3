# TransTrack, small enough to be trained on a CPU. The detection decoder has position
# embeddings, which the released one has not, since the shared detector has them.
_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/datasets/synsmot.py', './_base_/transtrack.py',
    './_base_/deformable_detr_tiny.py', './_base_/synsmot_tracker.py'
]
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.transtrack,
        detector=_base_.deformable_detr_tiny,
        query_init=dict(type='LearnedQueries2D')))
_clips_ = dict(num_frames=2, run_length=5)
train_dataloader = dict(_base_.synsmot.train, batch_size=4)
train_dataloader['dataset'] = dict(_base_.synsmot.train.dataset, **_clips_)
optim_wrapper = _base_.synsmot_tracker.optim_wrapper
param_scheduler = _base_.synsmot_tracker.param_scheduler
train_cfg = _base_.synsmot_tracker.train_cfg
custom_hooks = _base_.synsmot_tracker.custom_hooks
load_from = _base_.synsmot_tracker.load_from
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='TrackingMetric')
test_cfg = dict()
