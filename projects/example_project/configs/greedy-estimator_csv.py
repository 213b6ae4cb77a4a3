_base_ = ['../../../configs/two_stage/sort_public-detections.py']
custom_imports = dict(
    imports=[
        'projects.example_project.greedy_estimator',
        'projects.example_project.csv_dataset',
        'projects.example_project.continuity_metric'
    ])
model = dict(
    _delete_=True,
    type='SMOT',
    estimator=dict(
        type='GreedyEstimator', detector=dict(type='DetectionFile'), max_age=5))
test_dataloader = dict(
    dataset=dict(_delete_=True, type='CSVDataset', data_root='data/csv'))
test_evaluator = [
    dict(type='TrackingMetric', preprocessing='none'),
    dict(type='ContinuityMetric', iou_threshold=0.5)
]
