_base_ = ['./semtracker_tiny_synsmot.py']
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.semtracker', 'projects.semtracker.models.target_semantics'
])
# Episodes: the head adapts to the first half of a clip, and is judged on the second half of
# one of another target of the video. At inference it is not adapted: the plain term is
# what it learns for that.
model = dict(
    semantics=dict(
        meta=dict(
            type='MetaLearning', inner_steps=2, inner_lr=0.1, second_order=True,
            plain_weight=1.0)))
