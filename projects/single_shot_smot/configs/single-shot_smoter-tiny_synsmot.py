# SMOTer's heads on re-detected tracks: its own feature maps, pooled along SMOT's boxes.
# The checkpoint holds the weights of both: tools/join_weights.py writes it.
_base_ = [
    './single-shot-linked_tiny_synsmot.py',
    '../../../configs/_base_/semantics/smoter_tiny.py',
    '../../../configs/_base_/post_processing/min_track_length.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.stripe_colours',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    estimator=dict(feature_extractor={**_base_.centernet_tiny, 'embedder': None}),
    post_processing=[_base_.min_track_length],
    semantics=_base_.smoter_tiny)
test_evaluator = [dict(type='SMOTMetric'), dict(type='SingleShotMetric')]
