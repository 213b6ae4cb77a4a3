_base_ = [
    '../../../configs/_base_/default_runtime.py',
    '../../../configs/_base_/detectors/centernet_tiny.py',
    './_base_/synsmot_episodes.py', './_base_/semtracker_tiny.py',
    './_base_/semtracker_cpu.py', './_base_/verb_groups.py'
]
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.semtracker', 'projects.semtracker.models.target_semantics'
])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.semtracker_tiny, detector=dict(_base_.centernet_tiny, embedder=None)),
    semantics=dict(type='TargetSemantics', branch=dict(type='InteractionBranch')),
    training=dict(
        type='ClipTraining', freeze=True, teacher_forcing_ratio=1.0, box_noise=0.05))
train_dataloader = _base_.synsmot_episodes.train
_cpu_ = _base_.semtracker_cpu
optim_wrapper, param_scheduler = _cpu_.optim_wrapper, _cpu_.param_scheduler
custom_hooks, default_hooks = _cpu_.custom_hooks, _cpu_.default_hooks
train_cfg = _cpu_.train_cfg
test_dataloader = _base_.synsmot_episodes.test
test_evaluator = [
    dict(type='SemanticTrackingMetric', groups=_base_.verb_groups),
    dict(type='TrackingMetric', preprocessing='none')
]
test_cfg, log_processor = dict(), dict(by_epoch=False)
