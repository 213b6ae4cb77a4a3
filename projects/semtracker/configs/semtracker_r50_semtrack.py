_base_ = [
    './semtracker_tiny_synsmot.py',
    '../../../configs/_base_/detectors/centernet2_r50.py'
]
custom_imports = dict(imports=[
    'projects.semtracker.datasets.semtrack_dataset',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.semtracker', 'projects.semtracker.models.target_semantics'
])
_classes_ = 'data/SemTrack/train.json'  # 52 interactions, 115 objects; the sizes are ours
_wide_, _depth_ = dict(channels=256, heads=8), dict(frame_layers=4, temporal_layers=4)
model = dict(
    estimator=dict(
        detector=dict(_delete_=True, **_base_.centernet2_r50),
        shared=dict(in_channels=256, channels=256),
        tracking=dict(**_wide_, layers=6, template_grid=8, search_grid=20),
        text_matcher=dict(channels=256, width=256, buckets=8192)),
    semantics=dict(
        meta=dict(type='MetaLearning', plain_weight=1.0),
        branch=dict(**_wide_, **_depth_, classes=_classes_, token_channels=256)))
_semtrack_ = dict(
    _delete_=True, type='SemTrackDataset', data_root='data/SemTrack', classes=_classes_)
_clips_ = dict(**_semtrack_, annotations='train.json', pipeline=[dict(type='PackClip')])
_pairs_ = dict(repeat_targets=True)  # a video has one target: two clips of it
train_dataloader = dict(dataset=_clips_, sampler=_pairs_)
test_dataloader = dict(dataset=dict(**_semtrack_, annotations='val.json', test_mode=True))
test_evaluator = [
    dict(type='SemanticTrackingMetric', classes=_classes_), _base_.test_evaluator[1]
]
