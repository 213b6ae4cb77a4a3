_base_ = ['./chosen-bytetrack_tiny_synsmot.py']
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.chosen_track', 'projects.semtracker.models.target_semantics'
])
# Tracker + independent classification: a frame and the target's box at a time.
model = dict(
    estimator=dict(
        shared=_base_.semtracker_tiny.shared, context=_base_.semtracker_tiny.context),
    semantics=dict(
        _delete_=True,
        type='TargetSemantics',
        branch=dict(
            type='InteractionBranch', use_context=False, use_motion=False, window=1)))
