_base_ = ['./semtracker_tiny_synsmot.py']
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.semtracker', 'projects.semtracker.models.target_semantics'
])
model = dict(semantics=None)
